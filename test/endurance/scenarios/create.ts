/** Two hundred connections that create instances as fast as they are answered: with no limit, and with one that is a third of it. */
import { percentile } from "../../../bench/row.ts";
import type { Answer, ExecutorName, Server } from "../server.ts";
import type { Scenario, Trial } from "../trial.ts";

const CONNECTIONS = 200;
const CREATE_MS = 12_000;
const OVERLOAD_MS = 6_000;
const OVERLOAD = 3;
/** Within this a request that is too much has to be refused, in milliseconds. */
const REFUSAL_MS = 1_000;
/** A server that has more to do than it can leaves instances waiting for their turn; this is about those that never get one. */
const SATURATED = { slowestMs: 25_000 };

interface Created {
  readonly accepted: number;
  readonly refused: number;
  /** Refusals that do not say when to come again. */
  readonly silent: number;
  readonly other: readonly Answer[];
  readonly times: readonly number[];
  readonly refusalTimes: readonly number[];
  readonly perSecond: number;
}

export const create = (executor: ExecutorName): Scenario => ({
  name: "create",
  executor,
  load: "busy",
  limitMs: 180_000,
  async run(trial) {
    const rate = await unlimited(trial);
    await overloaded(trial, Math.max(1, Math.floor(rate / OVERLOAD)));
  },
});

async function unlimited(trial: Trial): Promise<number> {
  const server = await trial.serve({}, SATURATED);
  trial.doing(`creating instances over ${CONNECTIONS} connections`);
  const made = await createFor(trial, server, CREATE_MS * trial.scale);
  const { accepted, perSecond, times, other, refused } = made;
  trial.fact("created", accepted, "instances");
  trial.fact("creates", perSecond, "creates/s");
  trial.fact("creates, 99th percentile", percentile(times, 99), "ms");
  trial.check("every create is answered with 200", refused === 0 && other.length === 0, `${refused} refused, ${strange(other)}`);
  await allComplete(trial, server, accepted);
  return perSecond;
}

async function overloaded(trial: Trial, limit: number): Promise<void> {
  const server = await trial.serve({ args: ["--create-rate", String(limit)] }, SATURATED);
  trial.doing(`creating ${OVERLOAD} times as many instances as ${limit} a second`);
  const { accepted, refused, silent, other, refusalTimes } = await createFor(trial, server, OVERLOAD_MS * trial.scale);
  trial.fact("accepted under overload", accepted, "instances");
  trial.fact("refused under overload", refused, "requests");
  trial.fact("refusals, 99th percentile", percentile(refusalTimes, 99), "ms");
  trial.check(
    "what is too much is refused with 429 or 503",
    refused > 0 && other.length === 0,
    `${refused} refused, ${strange(other)}`,
  );
  trial.check("every refusal says when to come again", silent === 0, `${silent} of ${refused} do not`);
  trial.check(
    `refusals come within ${REFUSAL_MS} ms`,
    percentile(refusalTimes, 99) < REFUSAL_MS,
    `${percentile(refusalTimes, 99)} ms`,
  );
  await allComplete(trial, server, accepted);
}

async function createFor(trial: Trial, server: Server, ms: number): Promise<Created> {
  const [times, refusalTimes, other]: [number[], number[], Answer[]] = [[], [], []];
  let silent = 0;
  const begun = performance.now();
  const work = async (): Promise<void> => {
    while (performance.now() - begun < ms) {
      trial.signal.throwIfAborted();
      const start = performance.now();
      const answer = await server.api("POST", "/workflows/steps/instances", { params: { steps: 1 } });
      const taken = performance.now() - start;
      if (answer.status === 200) times.push(taken);
      else if (answer.status === 429 || answer.status === 503) {
        refusalTimes.push(taken);
        if (answer.retryAfter === undefined) silent += 1;
      } else other.push(answer);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const perSecond = (times.length * 1_000) / (performance.now() - begun);
  return { accepted: times.length, refused: refusalTimes.length, silent, other, times, refusalTimes, perSecond };
}

async function allComplete(trial: Trial, server: Server, accepted: number): Promise<void> {
  await trial.until(
    `all ${accepted} instances have completed`,
    () => (server.database.counts("steps")["complete"] ?? 0) >= accepted,
  );
  const counts = server.database.counts("steps");
  trial.check(
    "all that was accepted completes, and nothing else exists",
    counts["complete"] === accepted,
    JSON.stringify(counts),
  );
  const recoveries = server.database.recoveries();
  trial.check(
    "no host has ended",
    recoveries === 0,
    `${recoveries} recoveries; ${server.complaints(/host ended|workerd\]/).join("; ")}`,
  );
}

function strange(answers: readonly Answer[]): string {
  const [first] = answers;
  return first === undefined
    ? "none otherwise"
    : `${answers.length} otherwise, like HTTP ${first.status} ${first.text.slice(0, 200)}`;
}
