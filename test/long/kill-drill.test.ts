/**
 * Kills the server again and again while it works, and looks at what is left: everything that was acknowledged. With workerd it
 * kills its process in turn with the server.
 *
 * Side effects are posted to the test, a line each, before the step returns. A step may leave more than one line (an attempt that was
 * cut off), but none once a later step of the same instance has begun — for that one begins only when this one's result is
 * durable — and the result that counts is that of its last line. Undoings leave lines of their own, by the same rule in the
 * opposite order. A kill comes only when something has been done since the last one, so that each of them cuts something off,
 * and they go on until a minute has passed while they do, for the schedule.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { makeProject, startServer, type Envelope, type Project, type Server } from "../support/server.ts";

const INSTANCES = 200;
const STEPS = 20;
const KILLS = 20;
/** Every fourth instance fails after its steps and has to undo them; every fifth has a stream among them. */
const FAILS_EVERY = 4;
const STREAMS_EVERY = 5;
const STREAM_CHUNKS = 40;
const STREAM_CHUNK_BYTES = 16_384;
const MINUTE_MS = 60_000;
/** What is done before the next kill: as much as there are instances under way at most. */
const EFFECTS_BETWEEN = 100;

const SOURCE = `
import { WorkflowEntrypoint } from "cloudflare:workers";

// What is cut off is no retry, and nothing else fails.
const noRetries = { retries: { limit: 0, delay: 1 } };
const work = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
const note = async (url, ...words) => void (await (await fetch(url, { method: "POST", body: words.join(" ") })).text());

function slowStream() {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      controller.enqueue(new Uint8Array(${STREAM_CHUNK_BYTES}).fill(sent));
      if ((sent += 1) === ${STREAM_CHUNKS}) controller.close();
    },
  });
}

async function bytesInOrder(stream) {
  let read = 0;
  for await (const chunk of stream)
    for (const byte of chunk) {
      if (byte !== Math.floor(read / ${STREAM_CHUNK_BYTES})) throw new Error("byte " + read + " is " + byte);
      read += 1;
    }
  return read;
}

export class Drill extends WorkflowEntrypoint {
  async run(event, step) {
    const { DONE, UNDONE } = this.env;
    const { fails, streams } = event.payload;
    const tokens = [];
    for (let i = 0; i < ${STEPS}; i += 1) {
      const token = await step.do("step " + i, noRetries, async () => {
        const token = crypto.randomUUID();
        await note(DONE, event.instanceId, i, token);
        await work();
        return token;
      }, {
        rollbackConfig: noRetries,
        rollback: async ({ output }) => {
          await note(UNDONE, event.instanceId, i, output);
          await work();
        },
      });
      tokens.push(token);
      if (i === 5) await step.sleep("nap", 50);
    }
    if (fails) throw new RangeError("it was not to be");
    const streamed = streams ? await bytesInOrder(await step.do("stream", noRetries, async () => slowStream())) : 0;
    const late = await step.waitForEvent("nothing", { type: "nothing", timeout: 50 }).catch(({ message }) => message);
    const first = await step.waitForEvent("first", { type: "ping", timeout: "1 hour" });
    const second = await step.waitForEvent("second", { type: "ping", timeout: "1 hour" });
    return { tokens, streamed, late, events: [first.payload, second.payload] };
  }
}

export class Tick extends WorkflowEntrypoint {
  async run(event, step) {
    return step.do("tick", noRetries, async () => event.schedule.scheduledTime);
  }
}
export default { fetch: () => new Response("ok") };
`;

let project: Project;
let server: Server | undefined;

/** What has been done and undone, in order, as lines. */
const effects: Record<"/done" | "/undone", string[]> = { "/done": [], "/undone": [] };
const recorder = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (text += chunk));
  request.on("end", () => {
    effects[request.url === "/undone" ? "/undone" : "/done"].push(text);
    response.end();
  });
});

beforeAll(async () => {
  recorder.listen(0, "127.0.0.1");
  await once(recorder, "listening");
});
afterAll(() => {
  recorder.closeAllConnections();
  recorder.close();
});

afterEach(async () => {
  await server?.kill();
  await project.remove();
});

test.each(["node", "workerd"] as const)(
  `${INSTANCES} instances of ${STEPS} steps survive ${KILLS} kills on %s: nothing lost, nothing done twice, nothing left undone`,
  { timeout: 600_000 },
  async (executor) => {
    await writeProject();
    const drill = new Killer(executor);
    const begun = Date.now();
    await drill.start();
    const killed = drill.killUntil(() => Math.floor(Date.now() / MINUTE_MS) > Math.floor(begun / MINUTE_MS));
    const created = await createAll(drill);
    const acknowledged = await sendEvents(drill, created);
    await killed;
    await drill.until(async () => {
      const { result } = await drill.call("GET", "/workflows/drill");
      const { complete = 0, errored = 0 } = (result as { instances: Record<string, number> }).instances;
      return complete + errored === INSTANCES;
    });

    const done = readEffects(effects["/done"]);
    const undone = readEffects(effects["/undone"]);
    for (const { id, fails, streams } of created) {
      const { result } = await drill.call("GET", `/workflows/drill/instances/${id}`);
      const lines = done.get(id) ?? [];
      if (fails) {
        expect(result).toMatchObject({ status: "errored", rollback: { outcome: "complete", error: null } });
        checkUndone(lines, undone.get(id) ?? []);
        continue;
      }
      expect(undone.has(id)).toBe(false);
      const { output, status } = result as { output: string; status: string };
      expect(status).toBe("complete");
      const { tokens, streamed, late, events } = JSON.parse(output) as Output;
      expect(tokens).toHaveLength(STEPS);
      tokens.forEach((token, i) => expect(lines.findLast((line) => line.step === i)?.token).toBe(token));
      expect(lines.map(({ step }) => step)).toEqual(lines.map(({ step }) => step).sort((a, b) => a - b));
      expect(streamed).toBe(streams ? STREAM_CHUNKS * STREAM_CHUNK_BYTES : 0);
      expect(late).toContain("timed out");
      checkEvents(events, acknowledged.get(id) ?? []);
    }
    await checkTicks(drill, begun);
    expect(drill.kills).toBeGreaterThanOrEqual(KILLS);
    // Attempts and undoings that were cut off: without some of them nothing has been shown.
    expect(count(done)).toBeGreaterThan(INSTANCES * STEPS + KILLS);
    expect(count(undone)).toBeGreaterThan(created.filter(({ fails }) => fails).length * STEPS);
  },
);

interface Output {
  readonly tokens: readonly string[];
  readonly streamed: number;
  readonly late: string;
  readonly events: readonly number[];
}

async function writeProject(): Promise<void> {
  for (const lines of Object.values(effects)) lines.length = 0;
  const url = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
  project = await makeProject({ "index.js": SOURCE });
  const config = {
    name: "drill",
    main: "index.js",
    compatibility_date: "2026-11-01",
    compatibility_flags: ["nodejs_compat"],
    vars: { DONE: `${url}/done`, UNDONE: `${url}/undone` },
    workflows: [
      { name: "drill", binding: "DRILL", class_name: "Drill" },
      { name: "tick", binding: "TICK", class_name: "Tick", schedules: "* * * * *" },
    ],
  };
  await project.write("wrangler.json", JSON.stringify(config));
}

/** The server, and what kills it. */
class Killer {
  readonly #executor: "node" | "workerd";
  #restarted: Promise<unknown> = Promise.resolve();
  #nextKill = Promise.withResolvers<void>();
  kills = 0;

  constructor(executor: "node" | "workerd") {
    this.#executor = executor;
  }

  async start(): Promise<void> {
    server = await startServer(["dev", project.folder, "--port", "0", "--quiet", "--executor", this.#executor]);
  }

  /** Kills as often as is due, and on until `enough`. */
  async killUntil(enough: () => boolean): Promise<void> {
    while (this.kills < KILLS || !enough()) {
      const before = this.#written();
      // Most get a step further each time: who is lost too often without it fails, and should. Near the end little is left to do.
      for (let looks = 0; this.#written() < before + EFFECTS_BETWEEN && looks < 300; looks += 1) await pause(10);
      await pause(Math.random() * 400);
      if (this.#executor === "workerd" && this.kills % 2 === 1) killWorkerd(server as Server);
      else {
        const dying = server as Server;
        this.#restarted = dying.kill().then(() => this.start());
        await this.#restarted;
      }
      this.kills += 1;
      this.#nextKill.resolve();
      this.#nextKill = Promise.withResolvers<void>();
    }
  }

  /** Resolves when there have been so many kills. */
  async killed(times: number): Promise<void> {
    while (this.kills < times) await this.#nextKill.promise;
  }

  /** Asks until there is an answer. One that was cut off by a kill may have been done, for all anybody knows. */
  async call(method: string, path: string, body?: unknown): Promise<Envelope> {
    for (;;) {
      const answer = await this.tryCall(method, path, body);
      if (answer !== undefined) return answer;
    }
  }

  /** Undefined when the call was cut off by a kill; the server is back then. */
  async tryCall(method: string, path: string, body?: unknown): Promise<Envelope | undefined> {
    try {
      return await (server as Server).call(method, path, body);
    } catch {
      await this.#restarted;
      return undefined;
    }
  }

  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await pause(100);
  }

  #written(): number {
    return effects["/done"].length + effects["/undone"].length;
  }
}

interface Created {
  readonly id: string;
  readonly fails: boolean;
  readonly streams: boolean;
}

/** Spread over the first two thirds of the kills, so that each of them finds instances at every stage. */
async function createAll(drill: Killer): Promise<Created[]> {
  const created: Created[] = [];
  for (let i = 0; i < INSTANCES; i += 1) {
    await drill.killed(Math.floor((i * KILLS * 2) / (INSTANCES * 3)));
    const id = `drill-${i}`;
    const params = { fails: i % FAILS_EVERY === 0, streams: i % STREAMS_EVERY === 1 };
    const { errors, success } = await drill.call("POST", "/workflows/drill/instances", { instance_id: id, params });
    // A create that was cut off and had been durable is answered as a duplicate: it counts.
    expect(success || errors[0]?.code === 10405).toBe(true);
    created.push({ id, ...params });
  }
  return created;
}

/**
 * Two to each. One whose answer never came may or may not have been taken, so it is not sent again: the payloads that were
 * acknowledged must arrive, each once and in order.
 */
async function sendEvents(drill: Killer, created: readonly Created[]): Promise<Map<string, number[]>> {
  const acknowledged = new Map<string, number[]>();
  let payload = 0;
  for (const { id } of created) {
    const taken: number[] = [];
    acknowledged.set(id, taken);
    for (let ended = false; !ended && taken.length < 2;) {
      payload += 1;
      const answer = await drill.tryCall("POST", `/workflows/drill/instances/${id}/events/ping`, payload);
      if (answer === undefined) continue;
      if (answer.success) taken.push(payload);
      // It has ended: it got two events without acknowledging both, or it failed.
      else expect(answer.status).toBe(409);
      ended = !answer.success;
    }
  }
  return acknowledged;
}

/** In order of sending, none twice, and none passed over that was acknowledged. */
function checkEvents([first = 0, second = 0]: readonly number[], acknowledged: readonly number[]): void {
  expect(first).toBeLessThan(second);
  for (const taken of acknowledged) if (taken < second) expect([first, second]).toContain(taken);
}

/** Every step undone by the token that counts, from the last to the first; none again once the one before it was begun. */
function checkUndone(done: readonly Effect[], undone: readonly Effect[]): void {
  const order = undone.map(({ step }) => step);
  expect(order).toEqual([...order].sort((a, b) => b - a));
  expect(new Set(order).size).toBe(STEPS);
  for (const { step, token } of undone) expect(done.findLast((line) => line.step === step)?.token).toBe(token);
}

/** Every minute has one instance. None was missed: the server was never away for longer than that. */
async function checkTicks(drill: Killer, begun: number): Promise<void> {
  interface Listed {
    readonly id: string;
    readonly status: string;
  }
  const times: number[] = [];
  await drill.until(async () => {
    const { result } = await drill.call("GET", "/workflows/tick/instances");
    return (result as Listed[]).every(({ status }) => status === "complete");
  });
  const { result } = await drill.call("GET", "/workflows/tick/instances");
  for (const { id } of result as Listed[]) {
    const { result: details } = await drill.call("GET", `/workflows/tick/instances/${encodeURIComponent(id)}`);
    times.push(Number((details as { output: unknown }).output));
  }
  times.sort((a, b) => a - b);
  const first = Math.ceil(begun / MINUTE_MS) * MINUTE_MS;
  expect(times).toEqual(times.map((_, i) => first + i * MINUTE_MS));
  expect(times.length).toBeGreaterThanOrEqual(1);
}

interface Effect {
  readonly step: number;
  readonly token: string;
}

function readEffects(lines: readonly string[]): Map<string, Effect[]> {
  const found = new Map<string, Effect[]>();
  for (const line of lines) {
    const [id = "", step = "", token = ""] = line.split(" ");
    const known = found.get(id);
    if (known === undefined) found.set(id, [{ step: Number(step), token }]);
    else known.push({ step: Number(step), token });
  }
  return found;
}

/** Kills the processes of workerd that a server has; it starts others. */
function killWorkerd({ process: { pid } }: Server): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  for (const child of children)
    if (readFileSync(`/proc/${child}/comm`, "utf8").trim() === "workerd") process.kill(child, "SIGKILL");
}

function count(effects: ReadonlyMap<string, readonly Effect[]>): number {
  return [...effects.values()].reduce((sum, lines) => sum + lines.length, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
