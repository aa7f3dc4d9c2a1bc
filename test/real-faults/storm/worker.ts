/** The Worker that the storm loads, and its configuration. Everything that it has seen done it writes down outside, in order. */

const WORKER: string = `
import { DurableObject, WorkflowEntrypoint } from "cloudflare:workers";
NODE_IMPORT

const retries = { limit: 200, delay: 100, backoff: "constant" };
const token = () => Math.random().toString(36).slice(2, 10);
let ledger;
/** One line, which is outside before this resolves. */
async function note(env, line) {
  if (env.LEDGER_FILE !== "") {
    ledger ??= openSync(env.LEDGER_FILE, "a");
    writeSync(ledger, line + "\\n");
  } else await (await fetch(env.LEDGER_URL, { method: "POST", body: line })).text();
}

export class Row extends WorkflowEntrypoint {
  async run(event, step) {
    const { env } = this, { steps } = event.payload, id = event.instanceId, tokens = [];
    for (let i = 0; i < steps; i += 1) {
      tokens.push(await step.do("step", { retries }, async () => {
        const made = token();
        await note(env, "step " + id + " " + i + " " + made);
        return made;
      }));
      if (i === 10) await step.sleep("nap", 30);
    }
    await step.do("send", { retries }, async () => {
      const made = token();
      await env.QUEUE.send(made);
      await note(env, "sent " + made);
    });
    if (env.KV !== undefined) for (const kind of Object.keys(KEEP)) await step.do(kind, { retries }, async () => {
      const made = token();
      await KEEP[kind](env, id, made);
      await note(env, "kept " + kind + " " + id + " " + made);
    });
    const one = await step.waitForEvent("one", { type: "news", timeout: "2 days" });
    const two = await step.waitForEvent("two", { type: "news", timeout: "2 days" });
    return { tokens: tokens.join(" "), events: [one.payload, two.payload] };
  }
}

const LARGE = "x".repeat(40_000);
const KEEP = {
  kv: (env, id, made) => env.KV.put(id, made),
  d1: async (env, id, made) => {
    await env.D1.prepare("CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, made TEXT)").run();
    await env.D1.prepare("INSERT OR REPLACE INTO kept VALUES (?, ?)").bind(id, made).run();
  },
  r2: (env, id, made) => env.R2.put(id, made + LARGE),
  object: (env, id, made) => env.OBJECT.getByName("object " + (id.length + id.charCodeAt(id.length - 1)) % 8).keep(id, made),
};
const FIND = {
  kv: (env, id) => env.KV.get(id),
  d1: (env, id) => env.D1.prepare("SELECT made FROM kept WHERE id = ?").bind(id).first("made"),
  r2: async (env, id) => {
    const text = await (await env.R2.get(id))?.text();
    return text?.endsWith(LARGE) === true ? text.slice(0, -LARGE.length) : text?.length;
  },
  object: (env, id) => env.OBJECT.getByName("object " + (id.length + id.charCodeAt(id.length - 1)) % 8).find(id),
};

export class Keeper extends DurableObject {
  keep(id, made) { return this.ctx.storage.put(id, made); }
  find(id) { return this.ctx.storage.get(id); }
}

export default {
  /** Keeps something under an id; or answers what is kept under each of these ids. */
  async fetch(request, env) {
    const { kind, ids, id, made } = await request.json();
    if (ids === undefined) {
      await KEEP[kind](env, id, made);
      return new Response("kept");
    }
    const found = [];
    for (const id of ids) found.push((await FIND[kind](env, id)) ?? null);
    return Response.json(found);
  },
  async queue(batch, env) {
    for (const { body } of batch.messages) await note(env, "delivered " + body);
  },
};
`;

/** The files of the project. */
export function project(
  executor: "workerd" | "node",
  ledger: { readonly url: string; readonly file: string },
): Record<string, string> {
  const isNode = executor === "node";
  const shared = {
    name: "faults",
    main: "index.js",
    compatibility_date: "2026-11-01",
    compatibility_flags: ["nodejs_compat"],
    vars: { LEDGER_FILE: isNode ? ledger.file : "", LEDGER_URL: ledger.url },
    workflows: [{ name: "row", binding: "ROW", class_name: "Row" }],
    queues: {
      producers: [{ binding: "QUEUE", queue: "faults" }],
      consumers: [{ queue: "faults", max_batch_timeout: 1, max_retries: 100 }],
    },
  };
  const kept = {
    durable_objects: { bindings: [{ name: "OBJECT", class_name: "Keeper" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Keeper"] }],
    kv_namespaces: [{ binding: "KV", id: "faults" }],
    d1_databases: [{ binding: "D1", database_name: "faults", database_id: "faults" }],
    r2_buckets: [{ binding: "R2", bucket_name: "faults" }],
  };
  const source = WORKER.replace("NODE_IMPORT", isNode ? 'import { openSync, writeSync } from "node:fs";' : "");
  return { "index.js": source, "wrangler.json": JSON.stringify(isNode ? shared : { ...shared, ...kept }) };
}
