/** A database from its connection string to what is in `env`: readable where it has to be, and nowhere else. */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { BindingOf } from "../../ports/catalog/bindings.ts";
import { made } from "../made.ts";
import { provisionOf } from "../provisions.ts";
import { withoutSecrets } from "../secrets.ts";
import { withDatabases } from "./configured.ts";
import { readConnectionString } from "./connection-string.ts";
import type { Hyperdrive } from "./database.ts";
import { hyperdrive } from "./kind.ts";

const SECRET = "p@ss/w0rd";
const STRING = `postgres://ada:${encodeURIComponent(SECRET)}@db.internal:6543/shop?application_name=x`;
const ID = "57b7076f-58be";
const bound: BindingOf<"hyperdrive"> = { type: "hyperdrive", name: "DB", id: ID, connection: STRING };

describe("connection strings", () => {
  test("they are read, with the port of their database unless they name one", () => {
    expect(readConnectionString(STRING)).toEqual({
      scheme: "postgres",
      host: "db.internal",
      port: 6543,
      user: "ada",
      password: SECRET,
      database: "shop",
      isEncrypted: false,
    });
    expect(readConnectionString("postgres://a:b@h/c?sslmode=require")).toMatchObject({ isEncrypted: true });
    expect(readConnectionString("mysql://a:b@[::1]/c?ssl-mode=DISABLED")).toMatchObject({ port: 3306, host: "[::1]" });
    expect(readConnectionString("postgresql://a:b@h/c?sslmode=prefer")).toMatchObject({ port: 5432 });
  });

  test.each([
    ["ada", "it is not like"],
    ["redis://a:secret@h/c", "its scheme"],
    ["constructor://a:secret@h/c", "its scheme"],
    ["postgres://:secret@h/c", "it names no user"],
    ["postgres://a@h/c", "it names no password"],
    ["postgres://a:secret@h", "it names no database"],
    ["mysql://a:secret@h/c?ssl-mode=required", "it asks for TLS, which is not supported for MySQL"],
    ["postgres://a:secret%@h/c", "it has a %"],
  ])("%s is refused without a part of it", (text, problem) => {
    const read = readConnectionString(text);
    expect(read).toEqual({ problem: expect.stringContaining(problem) as string });
    expect(JSON.stringify(read)).not.toContain("secret");
  });

  test("the server's is found by either spelling of an id, after one that the version brings along", () => {
    const { connection: _, ...uploaded } = bound;
    const known = { "57B7076F_58BE": STRING };
    expect(withDatabases({ bindings: [uploaded] }, known).bindings).toEqual([bound]);
    expect(withDatabases({ bindings: [bound] }, { "57B7076F_58BE": "mysql://a:b@h/c" }).bindings).toEqual([bound]);
    expect(withDatabases({ bindings: [uploaded] }, {}).bindings).toEqual([uploaded]);
  });
});

describe("in env", () => {
  const asked: string[] = [];
  const stub = { connect: (address: string) => asked.push(address) };
  const madeOf = (binding: BindingOf<"hyperdrive">): Hyperdrive =>
    made("DB", provisionOf("shop", binding), { call: () => Promise.reject(new Error("asked")), stub }) as Hyperdrive;

  test("it has all that a driver connects with, but not the address of the database", () => {
    const database = madeOf(bound);
    const { user, password, port, host, ip } = database;
    expect({ user, password, port, database: database.database }).toEqual({
      user: "ada",
      password: SECRET,
      port: 6543,
      database: "shop",
    });
    expect(host).toMatch(/^[0-9a-f]{32}\.hyperdrive\.local$/);
    expect(ip).toMatch(/^240\.\d+\.\d+\.\d+$/);
    expect(database.connectionString).toBe(`postgres://ada:p%40ss%2Fw0rd@${host}:6543/shop?sslmode=disable`);
    database.connect();
    expect(asked).toEqual([`${host}:6543`]);
    const at = { address: "db.internal:6543", isEncrypted: false };
    expect(provisionOf("shop", bound)).toMatchObject({
      props: { databases: { [`${host}:6543`]: at, [`${ip}:6543`]: at } },
    });
  });

  test("two databases of a Worker have different names", () => {
    expect(madeOf(bound).host).not.toBe(madeOf({ ...bound, name: "DB2" }).host);
  });

  test.each([
    ["without a connection string", {}, `start it with --hyperdrive ${ID}=postgres://`],
    [
      "with one that cannot be used",
      { connection: "postgres://a:secret@h" },
      "Its connection string cannot be used: it names no database",
    ],
  ])("%s its use throws the reason", (_, more, reason) => {
    const database = madeOf({ type: "hyperdrive", name: "DB", id: ID, ...more });
    expect(() => database.connectionString).toThrow(`The binding "DB" (Hyperdrive) cannot be used.`);
    expect(() => database.connect()).toThrow(reason);
  });

  test("its password is neither printed, shown, described, nor part of what tells versions apart", () => {
    const texts = [
      inspect(madeOf(bound), { depth: 9 }),
      hyperdrive.show(bound),
      hyperdrive.describe(bound),
      withoutSecrets(bound),
    ];
    for (const secret of [SECRET, encodeURIComponent(SECRET)]) expect(JSON.stringify(texts)).not.toContain(secret);
  });
});
