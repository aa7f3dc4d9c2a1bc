/** Streams as step outputs, from the callback to the store and back, with the limits and failures in between. */
import { afterEach, describe, expect, test } from "vitest";
import { inProcessExecutor } from "../../executors/in-process/executor.ts";
import { LIMITS } from "../../model/limits.ts";
import { InstanceView } from "../../model/views/fold.ts";
import { logOf, logView, type StepEntry } from "../../model/views/log.ts";
import { knownFrom, publicEvent } from "../../model/views/public-event.ts";
import { stepOutput, stepView } from "../../model/views/step-output.ts";
import type { Store } from "../../ports/store.ts";
import type { Chunk } from "../../ports/instances/commit.ts";
import type { WorkflowStep } from "../../runtime/cloudflare/workers.ts";
import { openBench, type Bench } from "../../testing/engine-bench.ts";

const CHUNK = LIMITS.streamChunkBytes;
const address = { workflow: "Flow", id: "a" };

let bench: Bench | undefined;
afterEach(() => bench?.close());

/** Opens an engine whose one workflow does this, and starts an instance of it. */
async function start(run: (step: WorkflowStep) => Promise<unknown>, over?: (store: Store) => Store): Promise<Bench> {
  class Flow {
    run(_: unknown, step: WorkflowStep): Promise<unknown> {
      return run(step);
    }
  }
  bench = await openBench((clock) => inProcessExecutor({ classes: { Flow }, now: () => clock.now() }), ["Flow"], {}, over);
  await bench.engine.create("Flow", [{ id: "a" }], "api");
  return bench;
}

/** What the workflow returned. */
async function outputOf(run: (step: WorkflowStep) => Promise<unknown>, over?: (store: Store) => Store): Promise<unknown> {
  const opened = await start(run, over);
  await opened.reaches(address, "complete");
  return opened.output(address);
}

/** A stream of these chunks, which may be anything; pulled one by one. */
function streamOf(...chunks: readonly unknown[]): ReadableStream {
  const left = [...chunks];
  return new ReadableStream(
    {
      pull: (controller) => {
        if (left.length === 0) controller.close();
        else controller.enqueue(left.shift());
      },
    },
    { highWaterMark: 0 },
  );
}

function bytes(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
}

async function read(stream: unknown): Promise<{ lengths: number[]; bytes: number[] }> {
  expect(stream).toBeInstanceOf(ReadableStream);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as ReadableStream<Uint8Array>) chunks.push(chunk);
  expect(chunks.every((chunk) => chunk instanceof Uint8Array)).toBe(true);
  return { lengths: chunks.map(({ length }) => length), bytes: chunks.flatMap((chunk) => [...chunk]) };
}

describe("what a callback may stream", () => {
  test.each<[string, unknown[], number[]]>([
    ["bytes", [bytes(3)], [0, 31, 62]],
    ["an ArrayBuffer", [Uint8Array.of(1, 2).buffer], [1, 2]],
    ["a view of a part", [Uint8Array.of(9, 1, 2, 9).subarray(1, 3)], [1, 2]],
    ["numbers of several bytes", [Int16Array.of(1, -1)], [1, 0, 255, 255]],
    ["nothing between", [Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2)], [1, 2]],
    ["nothing at all", [], []],
  ])("%s", async (_, chunks, expected) => {
    const output = await outputOf(async (step) => (await read(await step.do("s", async () => streamOf(...chunks)))).bytes);
    expect(output).toEqual(expected);
  });
});

test("a large stream is cut into full chunks, whatever it came in", async () => {
  const length = 2 * CHUNK + 5;
  const whole = bytes(length);
  const output = await outputOf(async (step) => {
    const stream = await step.do("s", async () =>
      streamOf(whole.subarray(0, 7), whole.subarray(7, CHUNK + 9), whole.subarray(CHUNK + 9)),
    );
    const { lengths, bytes: back } = await read(stream);
    return { lengths, same: back.every((byte, i) => byte === whole[i]) };
  });
  expect(output).toEqual({ lengths: [CHUNK, CHUNK, 5], same: true });
});

const failing = (): ReadableStream => new ReadableStream({ pull: (controller) => controller.error(new Error("pipe burst")) });
const locked = (): ReadableStream => {
  const stream = streamOf(bytes(1));
  stream.getReader();
  return stream;
};

test.each<[string, () => ReadableStream, string]>([
  [
    "a stream that has a reader already",
    locked,
    "WorkflowFatalError: Step returned a ReadableStream that is already locked or otherwise unreadable. Return a fresh, unlocked ReadableStream from step.do().",
  ],
  [
    "text",
    () => streamOf("text"),
    "WorkflowFatalError: Step returned a ReadableStream with unsupported chunk type. Only ArrayBuffer and TypedArray chunks are supported.",
  ],
  [
    "a DataView",
    () => streamOf(new DataView(new ArrayBuffer(2))),
    "WorkflowFatalError: Step returned a ReadableStream with unsupported chunk type. Only ArrayBuffer and TypedArray chunks are supported.",
  ],
  [
    "a chunk that is too large",
    () => streamOf(new Uint8Array(LIMITS.streamInputBytes + 1)),
    `WorkflowFatalError: Step returned a ReadableStream chunk larger than the maximum allowed size of ${LIMITS.streamInputBytes} bytes. Return smaller chunks from step.do().`,
  ],
  [
    "one that fails",
    failing,
    'WorkflowFatalError: Step "s-1" returned an invalid ReadableStream output. Failed to read from step ReadableStream output. pipe burst',
  ],
])("%s is refused once, and user code can catch it", async (_, make, message) => {
  let calls = 0;
  const output = await outputOf((step) =>
    step
      .do("s", async () => {
        calls += 1;
        return make();
      })
      .catch((error: unknown) => (error as Error).message),
  );
  expect(output).toBe(message);
  expect(calls).toBe(1);
});

test("a chunk may be as large as that", async () => {
  const output = await outputOf(async (step) => {
    let bytes = 0;
    for await (const chunk of await step.do("s", async () => streamOf(new Uint8Array(LIMITS.streamInputBytes))))
      bytes += chunk.byteLength;
    return bytes;
  });
  expect(output).toBe(LIMITS.streamInputBytes);
});

test("what a failed attempt has stored is deleted, and the next one starts anew", async () => {
  const seen: Chunk[] = [];
  const opened = await start(
    async (step) => {
      const stream = await step.do("s", { retries: { limit: 1, delay: 10 }, timeout: 50 }, async ({ attempt }) =>
        attempt === 2
          ? streamOf(bytes(3))
          : // Some bytes, and then nothing for ever.
            new ReadableStream({ start: (controller) => controller.enqueue(bytes(CHUNK)) }),
      );
      return (await read(stream)).bytes;
    },
    (store) => spied(store, seen),
  );
  await opened.happens(address, "attempt_errored");
  opened.clock.advance(10);
  await opened.reaches(address, "complete");
  expect(await opened.output(address)).toEqual([0, 31, 62]);
  expect(seen.map(({ index }) => index)).toEqual([0, 0]);
  const [first, second] = seen;
  expect(await opened.store.chunk(first?.pk ?? 0, first?.stream ?? 0, 0)).toBeUndefined();
  expect(await opened.store.chunk(second?.pk ?? 0, second?.stream ?? 0, 0)).toHaveLength(3);
});

describe("a stored stream", () => {
  const flow = async (step: WorkflowStep): Promise<unknown> => {
    const stream = await step.do("s", async () => streamOf(new TextEncoder().encode("text"), bytes(0)));
    await step.sleep("nap", "1 hour");
    return (await read(stream)).bytes;
  };

  test("is read afresh after a replay", async () => {
    const opened = await start(flow);
    await opened.reaches(address, "waiting");
    opened.clock.advance(60_000);
    await opened.quiet();
    expect(opened.runs()).toBe(0);
    opened.clock.advance(3_600_000);
    await opened.reaches(address, "complete");
    expect(await opened.output(address)).toEqual([...new TextEncoder().encode("text")]);
  });

  test("is shown by its preview, and read whole through the engine", async () => {
    const opened = await start(flow);
    await opened.reaches(address, "waiting");
    const query = { name: "s-1", type: "step" } as const;
    const [log, step] = [logView(true), stepView(query)];
    const known = knownFrom(new InstanceView());
    const shown: unknown[] = [];
    for await (const events of opened.engine.history(address))
      for (const event of events) {
        log.add(event);
        step.add(event);
        if (event.type === "step_completed") shown.push(publicEvent("a", event, known)?.["output"]);
      }
    expect((logOf(log)?.steps[0] as StepEntry | undefined)?.output).toBe("text");
    expect(shown).toEqual(["text"]);
    const stream = stepOutput(step, query)?.stream;
    expect(stream).toMatchObject({ chunks: 1, bytes: 4 });
    const chunks: Uint8Array[] = [];
    if (stream !== undefined) for await (const chunk of opened.engine.stream(address, stream)) chunks.push(chunk);
    expect(chunks).toEqual([new TextEncoder().encode("text")]);
    const reading = opened.engine.stream(address, { ...(stream ?? { id: 0 }), chunks: 2, bytes: CHUNK + 1 });
    const drain = async (): Promise<void> => {
      for await (const chunk of reading) expect(chunk).toBeDefined();
    };
    await expect(drain()).rejects.toMatchObject({ failure: "instance.step_output_corrupt" });
  });

  test.each(["restart", "delete"] as const)("goes with a %s", async (verb) => {
    const seen: Chunk[] = [];
    const opened = await start(flow, (store) => spied(store, seen));
    await opened.reaches(address, "waiting");
    if (verb === "restart") await opened.engine.restart(address);
    else await opened.engine.remove("Flow", ["a"]);
    const [{ pk, stream } = { pk: 0, stream: 0 }] = seen;
    expect(await opened.store.chunk(pk, stream, 0)).toBeUndefined();
  });

  test("that is not complete fails its reader", async () => {
    const output = await outputOf(
      async (step) => {
        const stream = await step.do("s", async () => streamOf(bytes(CHUNK + 1)));
        return read(stream).catch((error: unknown) => (error as Error).message);
      },
      (store) => spied(store, [], () => undefined),
    );
    expect(output).toBe("Stored output for s-1 is corrupt or incomplete.");
  });
});

test("a rollback handler is given a fresh stream", async () => {
  const seen: number[][] = [];
  const opened = await start(async (step) => {
    const rollback = async ({ output }: { output: unknown }): Promise<void> => void seen.push((await read(output)).bytes);
    const stream = await step.do("s", async () => streamOf(bytes(3)), { rollback } as never);
    await read(stream);
    throw new Error("undo");
  });
  await opened.reaches(address, "errored");
  expect(seen).toEqual([[0, 31, 62]]);
});

test("a restart from a step wipes its stream and those after it, and keeps those before", async () => {
  const seen: Chunk[] = [];
  const opened = await start(
    async (step) => {
      await step.do("one", async () => streamOf(bytes(1)));
      await step.do("two", async () => streamOf(bytes(2)));
      await step.sleep("nap", "1 hour");
    },
    (store) => spied(store, seen),
  );
  await opened.reaches(address, "waiting");
  await opened.engine.restart(address, { kind: "do", name: "two", count: 1 });
  await opened.reaches(address, "waiting");
  const lengths = await Promise.all(seen.map(async ({ pk, stream }) => (await opened.store.chunk(pk, stream, 0))?.byteLength));
  expect(lengths).toEqual([1, undefined, 2]);
});

test("what an instance may keep is bounded, over all of its steps", async () => {
  const GIB = LIMITS.instanceStreamBytes;
  const kept = bytes(CHUNK);
  const output = await outputOf(
    async (step) => {
      const error = await step
        .do("s", async () => {
          let left = GIB / CHUNK + 1;
          return new ReadableStream({
            pull: (controller) => (left-- > 0 ? controller.enqueue(kept) : controller.close()),
          });
        })
        .catch((caught: unknown) => (caught as Error).message);
      return [error, (await read(await step.do("after", async () => streamOf(bytes(1))))).bytes];
    },
    // Chunks are counted and not kept, but for small ones.
    (store) => thinned(store),
  );
  expect(output).toEqual(["WorkflowFatalError: The instance has exceeded the 1GiB storage limit", [0]]);
}, 120_000);

/** A store that keeps no full chunk. */
function thinned(store: Store): Store {
  return new Proxy(store, {
    get: (target, key: keyof Store) => {
      if (key === "commit")
        return (...[batch, lease]: Parameters<Store["commit"]>) =>
          target.commit({ ...batch, chunks: batch.chunks.filter((chunk) => chunk.bytes.byteLength < CHUNK) }, lease);
      const value: unknown = target[key];
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A store that tells which chunks it was given, and whose `chunk` may be another. */
function spied(store: Store, seen: Chunk[], chunk: Store["chunk"] | (() => undefined) = store.chunk.bind(store)): Store {
  return new Proxy(store, {
    get: (target, key: keyof Store) => {
      if (key === "commit")
        return (...args: Parameters<Store["commit"]>) => {
          seen.push(...args[0].chunks);
          return target.commit(...args);
        };
      if (key === "chunk") return async (...args: Parameters<Store["chunk"]>) => chunk(...args);
      const value: unknown = target[key];
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
