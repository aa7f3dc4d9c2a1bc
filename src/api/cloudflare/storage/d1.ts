/** D1 databases: to make, list, look at and delete them, and to run statements. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pages } from "../workflows/schemas.ts";
import { ask, missing, paged, remove } from "./storage.ts";

const DATABASES = "/accounts/{account_id}/d1/database";

/** One of them. */
export const DATABASE: `${typeof DATABASES}/{database_id}` = `${DATABASES}/{database_id}`;

const database = z.looseObject({ uuid: z.string(), name: z.string(), created_at: z.string(), version: z.literal("production") });

/** What is run, and what is to be put into it. */
const statement = z.object({ sql: z.string().min(1), params: z.array(z.unknown()).default([]) });

const statements = z.union([z.object({ batch: z.array(statement).min(1) }), statement]);

const outcome = z.looseObject({ success: z.literal(true), results: z.unknown(), meta: z.looseObject({}) });

type Statements = z.output<typeof statements>;

/** What a statement came to. */
type Outcome = z.output<typeof outcome>;

function show({ id: uuid, name, createdAt }: Resource): z.output<typeof database> {
  return { uuid, name, created_at: iso(createdAt), version: "production" };
}

/** wrangler looks for a database by its name, too. */
export async function named({ catalog }: Api, idOrName: string): Promise<Resource> {
  const resource = (await catalog.resource("d1", idOrName)) ?? (await catalog.resourceNamed("d1", idOrName));
  if (resource === undefined) throw missing("d1", idOrName);
  return resource;
}

/** Runs statements. Fails with `d1.refused`. */
export async function query(api: Api, idOrName: string, asked: Statements, format: string): Promise<Outcome[]> {
  const answer = await ask(api, await named(api, idOrName), {
    method: "POST",
    path: `/query?resultsFormat=${format}`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify("batch" in asked ? asked.batch : [asked]),
  });
  if (!answer.ok) throw new Failure("d1.refused", { detail: "The statement or its parameters are not valid" });
  const results = (await answer.json()) as Outcome[] | { readonly error: string };
  if (!Array.isArray(results)) throw new Failure("d1.refused", { detail: results.error });
  return results;
}

const COUNT =
  "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'";

async function measure(api: Api, id: string): Promise<object> {
  const [answer] = await query(api, id, { sql: COUNT, params: [] }, "ARRAY_OF_OBJECTS");
  const [{ n = 0 } = {}] = (answer?.results ?? []) as { n?: number }[];
  return { num_tables: n, file_size: answer?.meta["size_after"] ?? 0 };
}

/** Where statements are run, and how rows come back. */
const FORMATS = [
  ["query", "objects", "ARRAY_OF_OBJECTS"],
  ["raw", "arrays", "ROWS_AND_COLUMNS"],
] as const;

/** Databases, by id or name. */
export const d1Databases: readonly Endpoint[] = [
  endpoint("get", DATABASES, {
    summary: "List D1 databases, by name",
    query: z.object({ ...pages(1_000, 10_000), name: z.string().optional() }),
    result: z.array(database),
    handle: async ({ query: asked }, { catalog }) => {
      const all = (await catalog.resources("d1")).filter(({ name }) => asked.name === undefined || name === asked.name);
      return paged(all, asked, show);
    },
  }),
  endpoint("post", DATABASES, {
    needs: "admin",
    summary: "Create a D1 database",
    body: z.looseObject({ name: z.string().min(1).max(255) }),
    result: database,
    handle: async ({ body: { name } }, { catalog, clock, ids }) => {
      const made: Resource = { type: "d1", id: ids.uuid(), name, createdAt: clock.now() };
      if (!(await catalog.addResource(made))) throw new Failure("d1.already_exists", { field: "name" });
      return { result: show(made) };
    },
  }),
  endpoint("get", DATABASE, {
    summary: "Read a D1 database",
    query: z.object({ fields: z.string().optional() }),
    result: database,
    handle: async ({ params, query: { fields } }, api) => {
      const resource = await named(api, params.database_id);
      // Clients that name the fields they want never want the measured ones.
      const measured = fields === undefined ? await measure(api, resource.id) : {};
      return { result: { ...show(resource), ...measured, read_replication: { mode: "disabled" } } };
    },
  }),
  endpoint("delete", DATABASE, {
    needs: "admin",
    summary: "Delete a D1 database with its data",
    handle: async ({ params }, api) => remove(api, await named(api, params.database_id)),
  }),
  ...FORMATS.map(([name, rows, format]) =>
    endpoint("post", `${DATABASE}/${name}`, {
      summary: `Run statements in a transaction; rows are ${rows}`,
      body: statements,
      maxBody: LIMITS.valueBodyBytes,
      result: z.array(outcome),
      handle: async ({ params, body }, api) => ({ result: await query(api, params.database_id, body, format) }),
    }),
  ),
];
