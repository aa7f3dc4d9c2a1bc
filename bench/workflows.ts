/** The workflows that are measured, as the text of a Worker: the same for every system. */

/** Names of the classes, and of their workflows. */
export const WORKFLOWS = ["Steps", "Paced", "Undoer", "Clocked", "Sleeper", "Streamer"] as const;

export const WORKER = `
import { WorkflowEntrypoint } from "cloudflare:workers";

/** As many steps as asked for, one after another; on a signal if it is to wait for one. */
export class Steps extends WorkflowEntrypoint {
  async run(event, step) {
    if (event.payload.waits) await step.waitForEvent("go", { type: "go" });
    for (let i = 0; i < event.payload.steps; i += 1) await step.do("step", async () => ({ i }));
    return "done";
  }
}

/** As many steps as asked for, each of which takes so long. */
export class Paced extends WorkflowEntrypoint {
  async run(event, step) {
    const { steps, ms } = event.payload;
    // An attempt that is lost counts, and is tried again after the step's own delay.
    const retries = { limit: 10, delay: 1, backoff: "constant" };
    for (let i = 0; i < steps; i += 1) await step.do("step", { retries }, () => new Promise((resolve) => setTimeout(resolve, ms)));
  }
}

/** As many steps as asked for, then it fails, and every one of them is undone. */
export class Undoer extends WorkflowEntrypoint {
  async run(event, step) {
    for (let i = 0; i < event.payload.steps; i += 1)
      await step.do("step", async () => ({ i }), { rollback: async () => {} });
    throw new Error("it was not to be");
  }
}

/** Says when its steps ran. */
export class Clocked extends WorkflowEntrypoint {
  async run(event, step) {
    const times = [];
    for (let i = 0; i < event.payload.steps; i += 1) times.push(await step.do("step", async () => performance.now()));
    if (event.payload.waits) await step.waitForEvent("go", { type: "go" });
    return [times[0], times[499] ?? 0, times.at(-500) ?? 0, times.at(-1)];
  }
}

/** Sleeps for as long as asked for, or until a moment. */
export class Sleeper extends WorkflowEntrypoint {
  async run(event, step) {
    if (event.payload.until) await step.sleepUntil("sleep", event.payload.until);
    else await step.sleep("sleep", event.payload.ms);
    return "awake";
  }
}

/** Streams so many bytes out of a step, and reads them. */
export class Streamer extends WorkflowEntrypoint {
  async run(event, step) {
    const { bytes } = event.payload;
    const part = Uint8Array.from({ length: 65_536 }, (_, i) => i * 7);
    let left = bytes;
    const begun = performance.now();
    const stream = await step.do("stream", { timeout: "1 hour" }, async () => new ReadableStream({
      pull(controller) {
        if (left === 0) return controller.close();
        controller.enqueue(part);
        left -= part.byteLength;
      },
    }));
    const stored = performance.now();
    let read = 0;
    for await (const chunk of stream) read += chunk.byteLength;
    if (read !== bytes) throw new Error("Bytes are missing");
    return { inMs: stored - begun, outMs: performance.now() - stored };
  }
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const body = request.method === "POST" ? await request.json() : {};
    if (pathname === "/create") {
      await Promise.all(Array.from({ length: body.count }, (_, i) => env.STEPS.create({ id: body.prefix + i, params: body.params })));
      return new Response("ok");
    }
    const instance = await env.STEPS.get(searchParams.get("id"));
    return Response.json(await instance.status());
  },
};
`;
