/** D1 databases from files and to files, as wrangler goes about it: the files themselves pass at addresses of their own. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { ask } from "./storage.ts";
import { DATABASE, named, query } from "./d1.ts";

/** How miniflare's simulator is asked for all statements that make a database. */
const EXPORT = "PRAGMA miniflare_d1_export(?,?,?);";

const step = z.discriminatedUnion("action", [
  z.object({ action: z.literal("init"), etag: z.string() }),
  z.object({ action: z.literal("ingest"), etag: z.string(), filename: z.string() }),
]);

const dump = z.object({
  output_format: z.literal("polling"),
  dump_options: z
    .object({ no_schema: z.boolean().optional(), no_data: z.boolean().optional(), tables: z.array(z.string()).optional() })
    .default({}),
});

const progress = z.looseObject({
  success: z.literal(true),
  status: z.enum(["active", "complete"]),
  messages: z.array(z.string()),
});

async function ingest(api: Api, idOrName: string, etag: string, filename: string): Promise<object> {
  const bytes = api.transfers.take(filename);
  if (bytes === undefined) throw new Failure("d1.refused", { detail: "The file was not uploaded, or its upload has expired" });
  if (createHash("md5").update(bytes).digest("hex") !== etag)
    throw new Failure("d1.refused", { detail: "The file does not match the announced hash" });
  const results = await query(api, idOrName, { sql: new TextDecoder().decode(bytes), params: [] }, "NONE");
  return { num_queries: results.length, final_bookmark: "", meta: results.at(-1)?.meta };
}

async function statementsOf(api: Api, idOrName: string, options: z.output<typeof dump>["dump_options"]): Promise<string> {
  const params = [Number(options.no_schema ?? false), Number(options.no_data ?? false), ...(options.tables ?? [])];
  const answer = await ask(api, await named(api, idOrName), {
    method: "POST",
    path: "/query",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: EXPORT, params }),
  });
  if (!answer.ok) throw new Failure("d1.refused", { detail: "The database cannot be exported" });
  const { results } = (await answer.json()) as { results: [string[]] };
  return `${results[0].join("\n")}\n`;
}

/** Import and export. */
export const d1Files: readonly Endpoint[] = [
  endpoint("post", `${DATABASE}/import`, {
    summary: "Import a SQL file: `init` returns the upload URL, `ingest` runs it",
    body: step,
    result: progress,
    handle: async ({ params, body }, api, request) => {
      await named(api, params.database_id);
      const said = { success: true, type: "import", at_bookmark: "", messages: [] };
      if (body.action === "ingest") {
        const result = await ingest(api, params.database_id, body.etag, body.filename);
        return { result: { ...said, status: "complete", result } };
      }
      const filename = api.transfers.open();
      return { result: { ...said, status: "active", filename, upload_url: new URL(`/transfers/${filename}`, request.url).href } };
    },
  }),
  endpoint("post", `${DATABASE}/export`, {
    needs: "viewer",
    summary: "Export a database as a SQL file; the returned URL works once",
    body: dump,
    result: progress,
    handle: async ({ params, body }, api, request) => {
      const { name } = await named(api, params.database_id);
      const text = await statementsOf(api, params.database_id, body.dump_options);
      const id = api.transfers.open(new TextEncoder().encode(text));
      const result = { filename: `${name}.sql`, signed_url: new URL(`/transfers/${id}`, request.url).href };
      return { result: { success: true, type: "export", status: "complete", at_bookmark: "", messages: [], result } };
    },
  }),
];
