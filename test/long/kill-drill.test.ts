/**
 * Kills the server again and again while it works, and looks at what is left: everything that was acknowledged.
 *
 * Side effects go to a file, a line each, before the step returns. A step may leave more than one line (an attempt that
 * was cut off), but none once a later step of the same instance has begun — for that one begins only when this one's
 * result is durable — and the result that counts is that of its last line.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeProject, startServer, type Envelope, type Project, type Server } from "../support/server.ts";

const INSTANCES = 200;
const STEPS = 20;
const KILLS = 20;

const SOURCE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
import { appendFileSync } from "node:fs";

export class Drill extends WorkflowEntrypoint {
  async run(event, step) {
    const tokens = [];
    for (let i = 0; i < ${STEPS}; i += 1) {
      const token = await step.do("step " + i, { retries: { limit: 1000, delay: 1, backoff: "constant" } }, async () => {
        const token = crypto.randomUUID();
        appendFileSync(event.payload.file, event.instanceId + " " + i + " " + token + "\\n");
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
        return token;
      });
      tokens.push(token);
      if (i === 5) await step.sleep("nap", 50);
    }
    const first = await step.waitForEvent("first", { type: "ping", timeout: "1 hour" });
    const second = await step.waitForEvent("second", { type: "ping", timeout: "1 hour" });
    return { tokens, events: [first.payload, second.payload] };
  }
}
export default { fetch: () => new Response("ok") };
`;

let project: Project;
let server: Server | undefined;

afterEach(async () => {
  await server?.kill();
  await project.remove();
});

test(
  `${INSTANCES} instances of ${STEPS} steps survive ${KILLS} kills: nothing lost, nothing done twice`,
  { timeout: 600_000 },
  async () => {
    project = await makeProject({
      "wrangler.json": JSON.stringify({
        name: "drill",
        main: "index.js",
        compatibility_date: "2026-11-01",
        compatibility_flags: ["nodejs_compat"],
        workflows: [{ name: "drill", binding: "DRILL", class_name: "Drill" }],
      }),
      "index.js": SOURCE,
    });
    const file = join(project.folder, "effects.log");
    const start = async (): Promise<Server> => (server = await startServer(["dev", project.folder, "--port", "0", "--quiet"]));
    await start();

    const created = new Set<string>();
    const acknowledged = new Map<string, number[]>();
    let kills = 0;
    const done = async (): Promise<boolean> => {
      const { result } = await required("GET", "/workflows/drill");
      return (result as { instances: Record<string, number> }).instances["complete"] === INSTANCES;
    };
    const required = async (method: string, path: string, body?: unknown): Promise<Envelope> => {
      for (;;) {
        try {
          return await (server as Server).call(method, path, body);
        } catch {
          // Cut off by a kill: nobody knows whether it was done. It is asked again once the server is back.
          await restarted;
        }
      }
    };

    let nextKill = Promise.withResolvers<void>();
    let restarted: Promise<unknown> = Promise.resolve();
    let stopped = false;
    const killer = (async () => {
      while (kills < KILLS) {
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 400));
        const dying = server as Server;
        restarted = (async () => {
          await dying.kill();
          await start();
        })();
        await restarted;
        kills += 1;
        nextKill.resolve();
        nextKill = Promise.withResolvers<void>();
      }
      stopped = true;
    })();

    for (let i = 0; i < INSTANCES; i += 1) {
      // Spread over the kills, so that each of them finds instances at every stage.
      while (kills < Math.floor((i * KILLS) / INSTANCES)) await nextKill.promise;
      const id = `drill-${i}`;
      const { errors, success } = await required("POST", "/workflows/drill/instances", { instance_id: id, params: { file } });
      // A create that was cut off and had been durable is answered as a duplicate: it counts.
      expect(success || errors[0]?.code === 10405).toBe(true);
      created.add(id);
    }
    // Two events each. One whose answer never came may or may not have been taken, so it is not sent again: the payloads
    // that were acknowledged must arrive, each once and in order.
    let payload = 0;
    for (const id of created) {
      const taken: number[] = [];
      acknowledged.set(id, taken);
      for (let ended = false; !ended && taken.length < 2;) {
        payload += 1;
        const answer = await (server as Server)
          .call("POST", `/workflows/drill/instances/${id}/events/ping`, payload)
          .catch(() => undefined);
        if (answer === undefined) await restarted;
        else if (answer.success) taken.push(payload);
        else {
          // It has had two that nobody acknowledged, and has ended.
          expect(answer.status).toBe(409);
          ended = true;
        }
      }
    }
    await killer;
    expect(stopped).toBe(true);
    while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 100));

    const effects = readEffects(file);
    for (const id of created) {
      const { result } = await required("GET", `/workflows/drill/instances/${id}`);
      const { output, status } = result as { output: string; status: string };
      expect(status).toBe("complete");
      const { tokens, events } = JSON.parse(output) as { tokens: string[]; events: number[] };
      expect(tokens).toHaveLength(STEPS);
      const lines = effects.get(id) ?? [];
      tokens.forEach((token, i) => {
        expect(lines.findLast((line) => line.step === i)?.token).toBe(token);
      });
      expect(lines.map(({ step }) => step)).toEqual(lines.map(({ step }) => step).sort((a, b) => a - b));
      // In order of sending, none twice, and none passed over that was acknowledged.
      const [first = 0, second = 0] = events;
      expect(first).toBeLessThan(second);
      for (const taken of acknowledged.get(id) ?? []) if (taken < second) expect(events).toContain(taken);
    }
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    // Attempts that were cut off: without some of them nothing has been shown.
    const attempts = [...effects.values()].reduce((sum, lines) => sum + lines.length, 0);
    expect(attempts).toBeGreaterThan(INSTANCES * STEPS + KILLS);
  },
);

function readEffects(file: string): Map<string, { step: number; token: string }[]> {
  const effects = new Map<string, { step: number; token: string }[]>();
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  for (const line of text.split("\n")) {
    const [id = "", step = "", token = ""] = line.split(" ");
    if (token !== "") effects.set(id, [...(effects.get(id) ?? []), { step: Number(step), token }]);
  }
  return effects;
}
