/** The Worker whose storage is recorded. `/write` writes to each binding that the server knows; `/read` returns what is there. */
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  async add() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return count;
  }
  async count() {
    return (await this.ctx.storage.get("count")) ?? 0;
  }
}

const counter = (env) => env.COUNTER.get(env.COUNTER.idFromName("one"));

const WRITE = {
  KV: (env) => env.KV.put("key", "kept", { metadata: { since: "then" } }),
  DB: (env) => env.DB.batch([env.DB.prepare("CREATE TABLE t (v TEXT)"), env.DB.prepare("INSERT INTO t VALUES ('row')")]),
  R2: (env) => env.R2.put("letter", "dear reader"),
  QUEUE: (env) => env.QUEUE.send({ dear: "reader" }),
  COUNTER: (env) => counter(env).add(),
};

const READ = {
  KV: (env) => env.KV.getWithMetadata("key").then(({ value, metadata }) => ({ value, metadata })),
  DB: async (env) => (await env.DB.prepare("SELECT v FROM t").all()).results,
  R2: async (env) => (await env.R2.get("letter"))?.text(),
  COUNTER: (env) => counter(env).count(),
};

export default {
  async fetch(request, env) {
    const found = {};
    const work = new URL(request.url).pathname.endsWith("/write") ? WRITE : READ;
    for (const [name, each] of Object.entries(work)) if (env[name] !== undefined) found[name] = await each(env);
    return Response.json(found);
  },
};
