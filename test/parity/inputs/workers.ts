/** Several Workers in one session, bound to one another. */
import { DATE, type Input } from "../input.ts";

const OTHER = `import { DurableObject, WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";
export class Main extends WorkflowEntrypoint {
  async run(event, step) { return step.do("a", async () => [this.env.MODE, event.payload]); }
}
export class Counter extends DurableObject {
  async fetch() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    return new Response(String(count));
  }
}
export class Adder extends WorkerEntrypoint { add(a, b) { return a + b; } }
export default { fetch: (request, env) => new Response("other " + env.MODE + " " + new URL(request.url).pathname) };`;

const RUN = `async (binding) => {
  const instance = await binding.create({ params: 7 });
  for (;;) {
    const { status, output } = await instance.status();
    if (status === "complete" || status === "errored") return [status, output];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}`;

/** The primary Worker answers what an expression comes to, or that it fails. */
function workers(name: string, about: string, expression: string, bindings: object, more: Partial<Input> = {}): Input {
  const primary = { name: "parity", main: "index.js", compatibility_date: DATE, ...bindings };
  const other = {
    name: "other",
    main: "index.js",
    compatibility_date: DATE,
    vars: { MODE: "o" },
    workflows: [{ binding: "WF", name: "other-flow", class_name: "Main" }],
    durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
  };
  return {
    name,
    topic: "configuration",
    about,
    files: {
      "wrangler.json": JSON.stringify(primary),
      "index.js": `const run = ${RUN};
export default { async fetch(request, env) {
  try { return Response.json(await (${expression})); } catch { return new Response("failed"); }
} };`,
      "other/wrangler.json": JSON.stringify(other),
      "other/index.js": OTHER,
    },
    args: ["-c", "wrangler.json", "-c", "other/wrangler.json"],
    ...more,
  };
}

export const WORKERS: readonly Input[] = [
  workers("several-service", "two Workers: a service", `env.OTHER.fetch("http://x/a").then((response) => response.text())`, {
    services: [{ binding: "OTHER", service: "other" }],
  }),
  workers("several-entrypoint", "two Workers: a named entrypoint", "env.ADDER.add(1, 2)", {
    services: [{ binding: "ADDER", service: "other", entrypoint: "Adder" }],
  }),
  workers("several-workflow", "two Workers: a workflow by `script_name`", "run(env.WF)", {
    workflows: [{ binding: "WF", name: "other-flow", class_name: "Main", script_name: "other" }],
  }),
  workers(
    "several-objects",
    "two Workers: Durable Objects by `script_name`",
    `env.COUNTER.get(env.COUNTER.idFromName("a")).fetch("http://x/").then((response) => response.json())`,
    { durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter", script_name: "other" }] } },
    { paths: ["/", "/"] },
  ),
  workers(
    "workflow-missing-worker",
    "a workflow of a Worker that is not in the session",
    "run(env.WF)",
    { workflows: [{ binding: "WF", name: "other-flow", class_name: "Main", script_name: "absent" }] },
    {
      args: [],
      onPurpose:
        "`create` fails with a message that names what is missing; wrangler makes an instance, which errors without one.",
    },
  ),
];
