/** The Worker of all scenarios, and its configuration. */

/** Milliseconds that an attempt of `Mixed` takes at the most. */
export const SLOWEST_STEP_MS = 60;
/** The steps of `Mixed` that run one after another, in this order, and leave a line in the ledger. */
export const ORDERED_STEPS: readonly string[] = ["first", "second", "third", "fourth"];
export const STREAM_CHUNKS = 8;
export const STREAM_CHUNK_BYTES = 4_096;

export const WORKER: string = `
import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";

/** For steps that ask the engine, which refuses while its commits fail. */
const PATIENT = { retries: { limit: 50, delay: 200, backoff: "constant" } };

let name;
const counts = { steps: 0, ticks: 0, messages: 0 };
/** This isolate, by a name that no other one has. */
const isolate = () => (name ??= crypto.randomUUID());
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What may be used in its own request context alone; without request contexts, nothing. */
function ownContext() {
  if (globalThis.WebSocketPair === undefined) return () => {};
  const [end, other] = Object.values(new WebSocketPair());
  end.accept();
  other.accept();
  return () => end.send("x");
}

/** Steps one after another. Answers in which isolate, and after how many steps the code was in another request context. */
export class Steps extends WorkflowEntrypoint {
  async run(event, step) {
    const use = ownContext();
    let total = 0, misplaced = 0;
    for (let i = 0; i < event.payload.steps; i += 1) {
      total += await step.do("step", async () => {
        counts.steps += 1;
        return i;
      });
      try { use(); } catch { misplaced += 1; }
    }
    return { isolate: isolate(), total, misplaced };
  }
}

/** Counts until it is terminated. */
export class Ticker extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("settle", async () => 1);
    for (;;) {
      counts.ticks += 1;
      await pause(20);
    }
  }
}

/** Steps that take so long each. */
export class Slow extends WorkflowEntrypoint {
  async run(event, step) {
    const { ms, steps = 1 } = event.payload;
    for (let i = 0; i < steps; i += 1) await step.do("wait", () => pause(ms));
    return "done";
  }
}

/** Steps and short sleeps in turns: what several of them do at once shares commits, and only their own timers set them going. */
export class Napper extends WorkflowEntrypoint {
  async run(event, step) {
    let total = 0;
    for (let i = 0; i < event.payload.naps; i += 1) {
      total += await step.do("count", async () => i);
      await step.sleep("nap", 20);
    }
    return total;
  }
}

/** Tells its parent when it is done. */
export class Child extends WorkflowEntrypoint {
  async run(event, step) {
    await step.sleep("nap", 50);
    await step.do("tell", PATIENT, async () => {
      const parent = await this.env.MIXED.get(event.payload.parent);
      // An attempt before this one may have sent it, and not have learned so.
      const { status } = await parent.status();
      if (status !== "complete") await parent.sendEvent({ type: "child", payload: event.payload.parent });
    });
    return "sent";
  }
}

/** Leaves a line outside before a step returns: the line of the attempt that counts is the last one. */
async function note(url, instance, step) {
  const token = crypto.randomUUID();
  const response = await fetch(url, { method: "POST", body: instance + " " + step + " " + token });
  await response.text();
  return token;
}

/** Some of everything. An attempt that is cut off is none of the user's business, so that retries are for what fails by itself. */
export class Mixed extends WorkflowEntrypoint {
  async run(event, step) {
    const { LEDGER } = this.env;
    const retries = { limit: 3, delay: 30, backoff: "constant" };
    const tokens = {};
    const noted = async (name, failures = 0) => {
      tokens[name] = await step.do(name, { retries }, async (context) => {
        const token = await note(LEDGER, event.instanceId, name);
        await pause(Math.random() * ${SLOWEST_STEP_MS});
        if (context.attempt <= failures) throw new Error("not yet");
        return token;
      });
    };
    await noted("first");
    await step.sleep("nap", 20 + Math.random() * 200);
    await noted("second", 1);
    await Promise.all([noted("left"), noted("right")]);
    await step.do("child", PATIENT, async () => {
      const id = event.instanceId + "-child";
      try { await this.env.CHILD.create({ id, params: { parent: event.instanceId } }); }
      catch (cause) { await this.env.CHILD.get(id); }
    });
    const [one, child] = await Promise.all([
      step.waitForEvent("one", { type: "news", timeout: "1 hour" }),
      step.waitForEvent("its end", { type: "child", timeout: "1 hour" }),
    ]);
    await noted("third");
    const stream = await step.do("stream", { retries }, async () => {
      let sent = 0;
      return new ReadableStream({
        async pull(controller) {
          await pause(1);
          controller.enqueue(new Uint8Array(${STREAM_CHUNK_BYTES}).fill(sent));
          if ((sent += 1) === ${STREAM_CHUNKS}) controller.close();
        },
      });
    });
    let bytes = 0;
    for await (const chunk of stream)
      for (const byte of chunk) {
        if (byte !== Math.floor(bytes / ${STREAM_CHUNK_BYTES})) throw new Error("byte " + bytes + " is " + byte);
        bytes += 1;
      }
    const two = await step.waitForEvent("two", { type: "news", timeout: "1 hour" });
    await noted("fourth");
    return { tokens, events: [one.payload, two.payload], child: child.payload, bytes };
  }
}

export class Adder extends WorkerEntrypoint {
  add(a, b) { return a + b; }
}

export class Counter extends DurableObject {
  #count = 0;
  add(n) { return (this.#count += n); }
}

/** So many calls; answers how many were answered as they should be. */
async function repeat(n, atOnce, call) {
  let next = 0, right = 0;
  const work = async () => {
    while (next < n) {
      const i = next++;
      if (await call(i)) right += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return right;
}

const CALLS = {
  service: (env) => async (i) => (await env.SERVICE.add(i, 1)) === i + 1,
  object: (env) => async (i) => (await env.OBJECT.getByName("object " + (i % 20)).add(1)) > 0,
  workflow: (env) => async (i, id) => (await (await env.SLOW.get(id)).status()).status === "complete",
  kv: (env) => async (i) => (i % 10 === 0 ? (await env.KV.put("key " + (i % 100), "value"), true) : (await env.KV.get("key 0")) === "value"),
  d1: (env) => async (i) => (await env.D1.prepare("SELECT ? AS n").bind(i).first("n")) === i,
  r2: (env) => async (i) => (i % 10 === 0 ? (await env.R2.put("object", "bytes")) !== null : (await env.R2.head("object"))?.size === 5),
  queue: (env) => async (i) => (await env.QUEUE.send({ i }), true),
};

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/counts") return Response.json({ isolate: isolate(), ...counts });
    if (pathname === "/die") process.exit(1);
    if (pathname !== "/calls") return new Response("MARK");
    const call = CALLS[searchParams.get("kind")](env);
    const id = searchParams.get("id");
    const [n, atOnce] = [searchParams.get("n"), searchParams.get("at_once")].map(Number);
    return Response.json({ right: await repeat(n, atOnce, (i) => call(i, id)) });
  },
  queue(batch) {
    counts.messages += batch.messages.length;
  },
};
`;

/** Workflows by the name of their class. */
const WORKFLOWS = { Steps: "steps", Ticker: "ticker", Slow: "slow", Napper: "napper", Child: "child", Mixed: "mixed" };

/** The wrangler configuration; `executor` says which bindings there can be, `ledger` is the address that steps report to. */
export function configuration(executor: "workerd" | "node", ledger: string = ""): object {
  const shared = {
    name: "endurance",
    main: "index.js",
    compatibility_date: "2026-11-01",
    vars: { LEDGER: ledger },
    workflows: Object.entries(WORKFLOWS).map(([class_name, name]) => ({
      name,
      binding: name.toUpperCase(),
      class_name,
      limits: { steps: 25_000 },
    })),
    queues: {
      producers: [{ binding: "QUEUE", queue: "endurance" }],
      consumers: [{ queue: "endurance", max_batch_timeout: 1 }],
    },
  };
  if (executor === "node") return shared;
  return {
    ...shared,
    services: [{ binding: "SERVICE", service: "endurance", entrypoint: "Adder" }],
    durable_objects: { bindings: [{ name: "OBJECT", class_name: "Counter" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
    kv_namespaces: [{ binding: "KV", id: "endurance" }],
    d1_databases: [{ binding: "D1", database_name: "endurance", database_id: "endurance" }],
    r2_buckets: [{ binding: "R2", bucket_name: "endurance" }],
  };
}
