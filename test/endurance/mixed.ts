/** The instances of the fault scenarios: creates them, sends each its events, and holds what came of them against the ledger. */
import type { Ledger } from "./ledger.ts";
import type { Answer, Server } from "./server.ts";
import type { Trial } from "./trial.ts";
import { ORDERED_STEPS, STREAM_CHUNK_BYTES, STREAM_CHUNKS } from "./worker.ts";

const AT_ONCE = 40;
/** Instances are created for so long; those that exist then have as long again to end. */
const END_MS = 60_000;
const EVENTS = 2;

/** What the suite knows of an instance that it has created: which events were acknowledged. */
export type Fed = ReadonlyMap<string, readonly number[]>;

interface Output {
  readonly tokens: Readonly<Record<string, string>>;
  readonly events: readonly number[];
  readonly child: string;
  readonly bytes: number;
}

/** Keeps so many instances under way for so long, and resolves when all of them have ended. */
export async function feed(trial: Trial, server: Server, forMs: number): Promise<Fed> {
  const fed = new Map<string, number[]>();
  const until = performance.now() + forMs;
  let payload = 0;
  const one = async (): Promise<void> => {
    const id = `mixed-${fed.size}`;
    const acknowledged: number[] = [];
    fed.set(id, acknowledged);
    await acknowledge(trial, () => server.api("POST", "/workflows/mixed/instances", { instance_id: id }));
    for (let tries = 0; acknowledged.length < EVENTS && !server.database.hasEnded("mixed", id);) {
      await trial.pause(trial.random() * 300);
      payload += 1;
      const sent = payload;
      const { status, text } = await server.api("POST", `/workflows/mixed/instances/${id}/events/news`, sent);
      // One that was refused may have been stored all the same: another one, with another payload, is sent in its place.
      if (status === 200) acknowledged.push(sent);
      else if (status === 409) return;
      else if ((tries += 1) > 50)
        throw new Error(`Event ${sent} of ${id} was refused again and again: HTTP ${status} ${text.slice(0, 200)}`);
    }
    while (!server.database.hasEnded("mixed", id)) await trial.pause(100);
  };
  trial.doing("keeping instances under way");
  const work = async (): Promise<void> => {
    while (performance.now() < until) await one();
  };
  await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, work)), late(trial, until + END_MS)]);
  await trial.until("all children have ended", () => server.database.unfinished("child") === 0);
  return fed;
}

/** Asks until it is acknowledged, or was before: then it is refused as a duplicate. */
export async function acknowledge(trial: Trial, ask: () => Promise<Answer>): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { status, text } = await ask();
    if (status === 200 || (status === 409 && tries > 0) || text.includes("10405")) return;
    if (status < 500 && status !== 429) throw new Error(`A create was refused: HTTP ${status} ${text.slice(0, 200)}`);
    await trial.pause(100);
  }
  throw new Error("A create was refused fifty times");
}

async function late(trial: Trial, until: number): Promise<never> {
  while (performance.now() < until) await trial.pause(500);
  throw new Error(`Instances have not ended ${END_MS / 1_000} s after the last one was created`);
}

/** Checks every instance against what it left in the ledger. */
export function verify(trial: Trial, server: Server, ledger: Ledger, fed: Fed): void {
  const outputs = server.database.outputs("mixed") as Map<string, Output>;
  const found = { lost: 0, twice: 0, tokens: 0, events: 0, rest: 0 };
  let first = "";
  for (const [id, acknowledged] of fed) {
    const output = outputs.get(id);
    const wrong = output === undefined ? "lost" : fault(id, output, acknowledged, ledger);
    if (wrong === undefined) continue;
    found[wrong] += 1;
    first ||= `${id}, which is ${server.database.status("mixed", id)}: ${JSON.stringify(output)} against ${JSON.stringify(ledger.of(id))}`;
  }
  const say = (count: number): string => `${count} of ${fed.size}; ${first.slice(0, 800)}`;
  trial.fact("instances of the mixed load", fed.size, "instances");
  trial.check("every instance completes", found.lost === 0, `${say(found.lost)} ${JSON.stringify(server.database.errors())}`);
  trial.check("no completed step runs again", found.twice === 0, say(found.twice));
  trial.check("what counts is the result of the last attempt", found.tokens === 0, say(found.tokens));
  trial.check("every acknowledged event arrives once and in order", found.events === 0, say(found.events));
  trial.check("streams are whole, and children tell their parents", found.rest === 0, say(found.rest));
  const { complete: children = 0, ...others } = server.database.counts("child");
  trial.check(
    "every instance has one child, which completes",
    children === fed.size,
    `${children} of ${fed.size}, ${JSON.stringify(others)}`,
  );
}

function fault(
  id: string,
  { tokens, events, child, bytes }: Output,
  acknowledged: readonly number[],
  ledger: Ledger,
): "twice" | "tokens" | "events" | "rest" | undefined {
  const lines = ledger.of(id);
  // A step begins when the one before it is durable: a line of an earlier one after a line of a later one is a step that ran again.
  const order = lines.map(({ step }) => ORDERED_STEPS.indexOf(step)).filter((at) => at >= 0);
  if (order.some((at, i) => at < (order[i - 1] ?? 0))) return "twice";
  for (const [step, token] of Object.entries(tokens))
    if (lines.findLast((line) => line.step === step)?.token !== token) return "tokens";
  const [one = 0, two = 0] = events;
  const missed = acknowledged.some((payload) => payload < two && payload !== one);
  if (one >= two || missed) return "events";
  return child === id && bytes === STREAM_CHUNKS * STREAM_CHUNK_BYTES ? undefined : "rest";
}
