/** An isolate that says anything: the engine goes on, other instances with it, and the journal keeps to the rules. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Engine, InstanceAddress } from "../../../src/engine/contract.ts";
import { inProcessExecutor } from "../../../src/executors/in-process/executor.ts";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { InstanceEvent } from "../../../src/model/instance/events.ts";
import { isFinal } from "../../../src/model/instance/status.ts";
import { encode } from "../../../src/model/values/value.ts";
import { InstanceView } from "../../../src/model/views/fold.ts";
import { logOf, logView } from "../../../src/model/views/log.ts";
import { stepOutput, stepView } from "../../../src/model/views/step-output.ts";
import { timelineOf } from "../../../src/model/views/timeline.ts";
import type { Catalog } from "../../../src/ports/catalog/catalog.ts";
import type { Executor, Host, HostEnd } from "../../../src/ports/executor.ts";
import type { Store } from "../../../src/ports/store.ts";
import {
  checkChunk,
  chunkFromBytes,
  chunkToBytes,
  decodeFromRuntime,
  encodeFrames,
  MalformedFrames,
} from "../../../src/protocol/codec.ts";
import type { FromRuntime, ToRuntime } from "../../../src/protocol/frames.ts";
import type { WorkflowStep } from "../../../src/runtime/cloudflare/workers.ts";
import { openSqlite, type OpenedSqlite } from "../../../src/stores/sqlite/open.ts";
import { openBench, type Bench } from "../../../src/testing/engine-bench.ts";
import { InstanceRecord } from "../../simulation/checks/record.ts";
import { fuzzed, type Target } from "../target.ts";
import { isChunk, said, type Said } from "./hostile.ts";
import { mutated } from "./mutations.ts";

/** Which run a frame is said to be of: one that the host has been given, by the order, or any number. */
type RunRef = { readonly given: number } | { readonly number: number };

type Act =
  | {
      readonly is: "say";
      readonly frames: readonly { readonly of: RunRef; readonly frame: Said }[];
      readonly edit: ((text: string) => string) | undefined;
    }
  | { readonly is: "again"; readonly batch: number }
  | { readonly is: "flood"; readonly of: RunRef; readonly frame: Said }
  | { readonly is: "die"; readonly kind: "died" | "hung" }
  | { readonly is: "pass"; readonly ms: number }
  | { readonly is: "ask"; readonly verb: "pause" | "resume" | "terminate" | "rollback" | "restart" | "event" | "create" };

interface Input {
  readonly acts: readonly Act[];
  readonly isOnDisk: boolean;
}

/** Frames of a flood. */
const FLOOD = 2_000;

/** Reads of the store that one isolate may have going at once. */
const MOST_READS = 64;

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 1);

/** An edit of any text, as what it makes of one. */
const edits: fc.Arbitrary<(text: string) => string> = fc
  .tuple(mutated(fc.constant("\u0000".repeat(64)), 3), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(40))
  .map(([by, at, cut]) => (text: string) => {
    const from = Math.floor(at * text.length);
    return text.slice(0, from) + by.replaceAll("\u0000", "") + text.slice(from + cut);
  });

const runs: fc.Arbitrary<RunRef> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ given: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ number: fc.constantFrom(0, 1, 2, 7, 2 ** 53 - 1) }) },
);

const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      is: fc.constant("say" as const),
      frames: fc.array(fc.record({ of: runs, frame: said(() => START) }), { minLength: 1, maxLength: 4 }),
      edit: fc.option(edits, { nil: undefined, freq: 8 }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ is: fc.constant("again" as const), batch: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant("flood" as const), of: runs, frame: said(() => START) }) },
  {
    weight: 5,
    arbitrary: fc.record({ is: fc.constant("die" as const), kind: fc.constantFrom("died" as const, "hung" as const) }),
  },
  { weight: 15, arbitrary: fc.record({ is: fc.constant("pass" as const), ms: fc.constantFrom(0, 100, 1_000, 2 * MINUTE_MS) }) },
  {
    weight: 15,
    arbitrary: fc.record({
      is: fc.constant("ask" as const),
      verb: fc.constantFrom("pause", "resume", "terminate", "rollback", "restart", "event", "create"),
    }),
  },
) as fc.Arbitrary<Act>;

/** A host in which user code has taken over. */
class HostileHost {
  readonly ended: Promise<HostEnd>;
  readonly #world: World;
  readonly #decode: Decode;
  #handler: ((frames: readonly FromRuntime[]) => void) | undefined;
  #end: (end: HostEnd) => void;
  #isOver = false;

  constructor(world: World, decode: Decode) {
    this.#world = world;
    this.#decode = decode;
    ({ promise: this.ended, resolve: this.#end } = Promise.withResolvers<HostEnd>());
  }

  host(): Host {
    return {
      send: (frames) => this.#world.heard(frames),
      onFrames: (handler) => (this.#handler = handler),
      fetch: () => Promise.reject(new Failure("script.no_fetch_handler")),
      dispatch: () => Promise.reject(new Failure("script.no_handler")),
      ended: this.ended,
      close: () => Promise.resolve(this.finish({ kind: "closed" })),
    };
  }

  finish(end: HostEnd): void {
    this.#isOver = true;
    this.#end(end);
  }

  /** Through the codec, as over a socket. What is malformed ends the host. */
  say(frames: readonly FromRuntime[], edit: ((text: string) => string) | undefined): void {
    if (this.#isOver) return;
    try {
      for (const parcel of parcels(frames)) this.#handler?.(this.#decoded(parcel, edit));
    } catch (cause) {
      if (!(cause instanceof MalformedFrames)) throw cause;
      this.finish({ kind: "died", detail: cause.message });
    }
  }

  #decoded(parcel: string | Uint8Array, edit: ((text: string) => string) | undefined): readonly FromRuntime[] {
    if (typeof parcel === "string") return this.#decode(edit?.(parcel) ?? parcel);
    const bytes = edit === undefined ? parcel : Buffer.from(edit(Buffer.from(parcel).toString("latin1")), "latin1");
    return [checkChunk(chunkFromBytes(bytes))];
  }
}

/** What takes frames out of a text that user code may have written. */
type Decode = (text: string) => readonly FromRuntime[];

function parcels(frames: readonly FromRuntime[]): (string | Uint8Array)[] {
  return frames.map((frame) => (isChunk(frame) ? chunkToBytes(frame) : encodeFrames([frame])));
}

/** An engine with two scripts: the hostile one and one that is as it should be. */
class World {
  /** Numbers of runs that the hostile hosts have been given, in order. */
  readonly given: number[] = [];
  readonly #decode: Decode;
  readonly #hosts: HostileHost[] = [];
  readonly #batches: { readonly frames: readonly FromRuntime[]; readonly edit: ((text: string) => string) | undefined }[] = [];
  #created = 0;
  #sent = 0;
  reading = 0;
  mostReading = 0;

  /** What its instances are called begins with it. */
  readonly name: string;

  constructor(decode: Decode, name: string) {
    this.#decode = decode;
    this.name = name;
  }

  open(): Host {
    const host = new HostileHost(this, this.#decode);
    this.#hosts.push(host);
    return host.host();
  }

  heard(frames: readonly ToRuntime[]): void {
    for (const frame of frames) if (frame.type === "start" && frame.workflow === "Hostile") this.given.push(frame.run);
  }

  get #host(): HostileHost | undefined {
    return this.#hosts.at(-1);
  }

  #numberOf(of: RunRef): number {
    return "number" in of ? of.number : (this.given[this.given.length - 1 - (of.given % Math.max(1, this.given.length))] ?? 1);
  }

  async act(bench: Bench, act: Act): Promise<void> {
    switch (act.is) {
      case "say": {
        const frames = act.frames.map(({ of, frame }): FromRuntime => ({ ...frame, run: this.#numberOf(of) }));
        this.#batches.push({ frames, edit: act.edit });
        return this.#host?.say(frames, act.edit);
      }
      case "again": {
        const batch = this.#batches.at(-1 - (act.batch % Math.max(1, this.#batches.length)));
        return batch && this.#host?.say(batch.frames, batch.edit);
      }
      case "flood": {
        const frame = { ...act.frame, run: this.#numberOf(act.of) } as FromRuntime;
        // Large chunks need no thousands.
        const count = isChunk(frame) ? 20 : FLOOD;
        return this.#host?.say(
          Array.from({ length: count }, () => frame),
          undefined,
        );
      }
      case "die":
        return this.#host?.finish(act.kind === "died" ? { kind: "died", detail: "It died" } : { kind: "hung", silentMs: 1 });
      case "pass":
        await turns(3);
        return bench.clock.advance(act.ms);
      case "ask":
        await this.#ask(bench.engine, act.verb);
        return turns(2);
    }
  }

  async create(engine: Engine): Promise<void> {
    this.#created += 1;
    await engine.create("Hostile", [{ id: this.#idOf(this.#created) }], "api");
  }

  #idOf(number: number): string {
    return `${this.name}-${number}`;
  }

  get addresses(): InstanceAddress[] {
    return Array.from({ length: this.#created }, (_, i) => ({ workflow: "Hostile", id: this.#idOf(i + 1) }));
  }

  async #ask(engine: Engine, verb: Extract<Act, { is: "ask" }>["verb"]): Promise<void> {
    const address = { workflow: "Hostile", id: this.#idOf(this.#created) };
    if (verb === "create") return this.create(engine);
    try {
      if (verb === "event") await engine.sendEvent(address, "go", encode((this.#sent += 1)));
      else if (verb === "rollback") await engine.terminate(address, { rollback: true });
      else await engine[verb](address);
    } catch (cause) {
      assert.ok(cause instanceof Failure, `${verb} threw ${String(cause)}`);
    }
  }
}

class Good {
  async run(_: unknown, step: WorkflowStep): Promise<unknown> {
    const first = await step.do("first", () => 1);
    await step.sleep("rest", MINUTE_MS);
    return first + (await step.do("second", () => 1));
  }
}

const STEP = ["step_started", "attempt_started", "attempt_completed", "step_completed"];

const GOOD = [
  "workflow_queued",
  "workflow_started",
  "workflow_running",
  ...STEP,
  "sleep_started",
  "workflow_waiting",
  "workflow_running",
  "sleep_completed",
  ...STEP,
  "workflow_completed",
];

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function deploy(catalog: Catalog): Promise<void> {
  await deployOne(catalog, "hostile", "Hostile");
  await deployOne(catalog, "good", "Good");
}

async function deployOne(catalog: Catalog, script: string, className: string): Promise<void> {
  const about = { bindings: [], compatibilityFlags: [], createdAt: 0 };
  await catalog.putScriptVersion({ id: `${script}-1`, script, hash: script, code: "", ...about });
  const version = {
    id: `${className}-v1`,
    workflow: className,
    className,
    scriptVersionId: `${script}-1`,
    createdAt: 0,
    settings: {},
  };
  const dates = { createdAt: 0, modifiedAt: 0 };
  await catalog.putWorkflow({ id: className, name: className, className, script, versionId: version.id, ...dates }, version);
}

/** Counts reads that go on at once. */
function counted(store: Store, world: World): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const method: unknown = Reflect.get(target, key, target);
      if (typeof method !== "function") return method;
      if (key !== "rows" && key !== "chunk") return method.bind(target) as unknown;
      return async (...args: unknown[]) => {
        world.mostReading = Math.max(world.mostReading, (world.reading += 1));
        try {
          return (await method.apply(target, args)) as unknown;
        } finally {
          world.reading -= 1;
        }
      };
    },
  });
}

/** A database that inputs use one after the other. */
type Disk = Pick<OpenedSqlite, "store" | "catalog">;

async function play(decode: Decode, disk: Disk | undefined, name: string, acts: readonly Act[]): Promise<void> {
  const world = new World(decode, name);
  const executor: Executor = {
    name: "fuzzed",
    open: (version, bindings) => {
      if (version.script === "hostile") return Promise.resolve(world.open());
      return inProcessExecutor({ classes: { Good }, now: () => bench.clock.now() }).open(version, bindings);
    },
    close: () => Promise.resolve(),
  };
  const bench: Bench = await openBench(
    () => executor,
    [],
    {},
    (memory) => counted(disk?.store ?? memory, world),
    disk?.catalog,
  );
  try {
    if (disk === undefined) await deploy(bench.catalog);
    await bench.engine.create("Good", [{ id: `${name}-early` }], "api");
    await world.create(bench.engine);
    await turns(10);
    for (const act of acts) await world.act(bench, act);
    await bench.quiet();
    await isUnharmed(bench, world);
  } finally {
    await bench.close();
  }
}

async function isUnharmed(bench: Bench, world: World): Promise<void> {
  const { engine, clock } = bench;
  const { name } = world;
  assert.equal(engine.trouble(), undefined, "the engine is in trouble");
  await engine.create("Good", [{ id: `${name}-late` }], "api");
  for (const id of [`${name}-early`, `${name}-late`]) {
    const address = { workflow: "Good", id };
    if (!isFinal((await engine.summary(address)).status)) {
      await bench.happens(address, "workflow_waiting");
      clock.advance(MINUTE_MS);
    }
    await bench.reaches(address, "complete");
    assert.equal(await bench.output(address), 2, `${id} has come to something else`);
    assert.deepEqual(await bench.kinds(address), GOOD, `the journal of ${id}`);
  }
  for (const address of world.addresses) await isByTheRules(bench, address);
  for (const address of world.addresses) {
    if (isFinal((await engine.summary(address)).status)) continue;
    await engine.terminate(address);
    assert.equal((await engine.summary(address)).status, "terminated");
  }
  assert.ok(world.mostReading <= MOST_READS, `${world.mostReading} reads of the store went on at once`);
}

/** A fold that knows nothing of the engine's, and all that the API shows of it. */
async function isByTheRules({ engine }: Bench, address: InstanceAddress): Promise<void> {
  const { pk, status } = await engine.summary(address);
  const record = new InstanceRecord(pk, address.workflow, address.id);
  const payloads = new Set<string>();
  const all: InstanceEvent[] = [];
  for await (const events of engine.history(address)) all.push(...events);
  for (const event of all) {
    const wrong = record.add(event, payloads);
    assert.equal(wrong, undefined, `${address.id}: ${wrong}\n${JSON.stringify(all)}`);
  }
  assert.equal(record.status, status, `${address.id}: the status of its journal is another`);
  const view = logView(true);
  for (const event of all) view.add(event);
  JSON.stringify(logOf(view));
  const times = new InstanceView();
  for (const event of all) times.add(event);
  JSON.stringify(timelineOf(times));
  for (const entry of view.entries) {
    if (entry.type !== "step" && entry.type !== "waitForEvent") continue;
    const query = { name: entry.name, type: entry.type };
    const one = stepView(query);
    for (const event of all) one.add(event);
    JSON.stringify(stepOutput(one, query)?.result);
  }
}

/** The target for what takes frames out of texts, and all behind it. */
export function framesTarget(decode: Decode): Target {
  const open: Target["open"] = async (figures) => {
    const folder = await mkdtemp(join(tmpdir(), "stepwell-fuzz-frames-"));
    const disk = await openSqlite(join(folder, "data.db"));
    await deploy(disk.catalog);
    let inputs = 0;
    const put = async ({ acts: all, isOnDisk }: Input): Promise<void> => {
      figures(isOnDisk ? "in SQLite" : "in memory");
      figures("acts", all.length);
      await play(decode, isOnDisk ? disk : undefined, `i${(inputs += 1)}`, all);
    };
    const close = async (): Promise<void> => {
      await disk.store.close();
      await rm(folder, { recursive: true, force: true });
    };
    return fuzzed(lives, put, { found: FOUND, close });
  };
  return { name: "frames", weight: 2, ciRuns: 200, open };
}

const lives: fc.Arbitrary<Input> = fc.record({
  acts: fc.array(acts, { minLength: 1, maxLength: 24 }),
  isOnDisk: fc.nat(9).map((each) => each === 9),
});

const flood = (frame: Said): Input => ({ acts: [{ is: "flood", of: { given: 0 }, frame }], isOnDisk: false });

const done = { name: "a", count: 1 } as const;

/** Inputs that broke a promise once. */
const FOUND: readonly Input[] = [
  // Each of them read the same window at once.
  {
    acts: [
      {
        is: "say",
        edit: undefined,
        frames: [
          {
            of: { given: 0 },
            frame: {
              type: "events",
              n: 1,
              events: [
                { type: "step_started", ...done },
                { type: "attempt_started", ...done, attempt: 1 },
                { type: "attempt_completed", ...done, attempt: 1 },
                { type: "step_completed", ...done, output: "{" },
              ],
            },
          },
        ],
      },
      { is: "pass", ms: 0 },
      ...flood({ type: "need", from: 0 }).acts,
    ],
    isOnDisk: false,
  },
  flood({ type: "lost", detail: "x".repeat(10_000) }),
];

export const frames: Target = framesTarget(decodeFromRuntime);
