import { Kysely } from "kysely";
import { D1Dialect } from "./d1-dialect";

interface Schema {
  entries: { id: number; account: string; cents: number; note: string | null };
  statements: { account: string; body: string };
}

export const open = (d1: D1Database): Kysely<Schema> => new Kysely<Schema>({ dialect: new D1Dialect(d1) });
