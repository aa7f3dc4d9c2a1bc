/** A project for the real clients: a workflow with every kind of step, one that sleeps, one whose delay is computed. */
export const PROJECT: Readonly<Record<string, string>> = {
  "wrangler.json": JSON.stringify({
    name: "clients",
    main: "index.js",
    compatibility_date: "2026-11-01",
    workflows: [
      { name: "every", binding: "EVERY", class_name: "Every" },
      { name: "sleeper", binding: "SLEEPER", class_name: "Sleeper" },
      { name: "dynamic", binding: "DYNAMIC", class_name: "Dynamic" },
      { name: "undone", binding: "UNDONE", class_name: "Undone" },
      { name: "unused", binding: "UNUSED", class_name: "Sleeper" },
    ],
  }),
  "index.js": `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Every extends WorkflowEntrypoint {
  async run(event, step) {
    const long = await step.do("long", () => "x".repeat(6000));
    await step.do("flaky", { retries: { limit: 2, delay: 1, backoff: "constant" } }, ({ attempt }) => {
      if (attempt === 1) throw new Error("first time");
      return attempt;
    });
    await step.sleep("nap", 1);
    const answer = await step.waitForEvent("answer", { type: "answer", timeout: "1 hour" });
    return { length: long.length, answer: answer.payload, params: event.payload };
  }
}
export class Sleeper extends WorkflowEntrypoint {
  async run(event, step) { await step.sleep("nap", "1 hour"); }
}
export class Undone extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("reserve", () => "reserved", { rollback: async () => {} });
    await step.do("charge", () => "charged");
    await step.sleep("nap", "1 hour");
  }
}
export class Dynamic extends WorkflowEntrypoint {
  async run(event, step) {
    await step.do("later", { retries: { limit: 3, delay: () => "1 hour" } }, () => { throw new Error("not yet"); });
  }
}
export default { fetch: () => new Response("worker") };
`,
};
