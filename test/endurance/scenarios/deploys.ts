/**
 * Deployments with pauses around the 15 seconds after which workerd closes idle connections, a request of the new code after each,
 * and an instance that has to complete. Everything has to be answered within seconds.
 */
import type { ExecutorName, Server } from "../server.ts";
import type { Scenario } from "../trial.ts";
import { WORKER } from "../worker.ts";

/**
 * Milliseconds between the last request and the next deployment. A deployment reads its code before it needs the connection,
 * so that the pauses that meet the end of it are shorter than 15 s.
 */
const PAUSES = [14_200, 14_400, 14_600, 14_800, 15_000, 16_000];
/** How long a deployment may take, in milliseconds. */
const DEPLOYMENT_MS = 20_000;
/** Half a megabyte of code, so that reading it takes a while. */
const PADDING: string = Array.from(
  { length: 5_000 },
  (_, i) =>
    `export function padding${i}(a, b) { const c = a + b * ${i}; return c > ${i} ? { c, text: "text ${i}" } : [a, b, c]; }`,
).join("\n");

export const deploys = (executor: ExecutorName): Scenario => ({
  name: "deploys",
  executor,
  load: "idle",
  limitMs: 300_000,
  async run(trial) {
    const server = await trial.serve();
    const rounds = Math.ceil(PAUSES.length * trial.scale);
    let slowest = 0;
    await trial.steadily(async () => {
      for (let round = 0; round < rounds; round += 1) {
        // One that comes again and again, and one that is new.
        for (const script of ["again", `new-${round}`]) {
          trial.doing(`deploying ${script} in round ${round}`);
          const start = performance.now();
          const { status, text } = await deploy(server, script, `round ${round}`);
          slowest = Math.max(slowest, performance.now() - start);
          trial.check(`round ${round}: ${script} is deployed`, status === 200, `HTTP ${status} ${text.slice(0, 200)}`);
          trial.doing(`asking ${script} in round ${round}`);
          const answer = await server.worker("/", script);
          trial.check(
            `round ${round}: ${script} answers with its new code`,
            answer.text === `round ${round}`,
            answer.text.slice(0, 200),
          );
        }
        await server.api("POST", "/workflows/slow/instances", { params: { ms: 10 } });
        await trial.until("an instance has completed", () => server.database.counts("slow")["complete"] === round + 1);
        trial.doing("pausing");
        await trial.pause((PAUSES[round % PAUSES.length] ?? 0) + trial.random() * 200);
      }
    });
    trial.fact("deployments", rounds * 2, "deployments");
    trial.fact("slowest deployment", slowest, "ms");
  },
});

async function deploy(server: Server, script: string, mark: string): Promise<{ status: number; text: string }> {
  const form = new FormData();
  form.set("metadata", JSON.stringify({ main_module: "index.js", compatibility_date: "2026-11-01" }));
  const code = `${WORKER.replace("MARK", mark)}\n${PADDING}`;
  form.set("index.js", new File([code], "index.js", { type: "application/javascript+module" }));
  const encoded = new Response(form);
  const type = encoded.headers.get("content-type") ?? "";
  const path = `/client/v4/accounts/local/workers/scripts/${script}`;
  return server.send("PUT", path, await encoded.bytes(), { "content-type": type }, DEPLOYMENT_MS);
}
