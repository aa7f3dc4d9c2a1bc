/**
 * The store and the executor that fail are still a store and an executor: what they do not fail at they do as the contracts say,
 * however late and in whatever order it comes. So what the engine's tests find with them is the engine's.
 */
import { expect, test } from "vitest";
import { decode, encode } from "../../src/model/values/value.ts";
import type { BindingHandler } from "../../src/ports/executor.ts";
import { systemClock } from "../../src/system/clock.ts";
import { StoreError } from "../../src/model/failures/store-error.ts";
import { workflowBinding } from "../../src/bindings/workflow/client.ts";
import { WorkflowEntrypoint } from "../../src/runtime/cloudflare/workers.ts";
import { NonRetryableError } from "../../src/runtime/cloudflare/workflows.ts";
import type { WorkflowClass } from "../../src/runtime/run/runtime.ts";
import { openMemoryStore } from "../../src/stores/memory/open.ts";
import { executorContract } from "../contracts/executor/executor.ts";
import { contractScript, type Platform } from "../contracts/executor/script.ts";
import { failingExecutor } from "./failing-executor.ts";
import { FailingStore } from "./failing-store.ts";
import { sampleChange, sampleInstance, sampleWriter, type OpenedStore } from "../contracts/store-samples.ts";
import { storeContract } from "../contracts/store.ts";

const openMemory = async (): Promise<OpenedStore> => {
  const { store, catalog, logs } = openMemoryStore();
  return { store, catalog, logs, close: () => store.close() };
};

storeContract("memory, answering late", async () => {
  const opened = await openMemory();
  return { ...opened, store: new FailingStore(opened.store, 1, { refused: 0, replyLost: 0, unread: 0, lateTurns: 3 }).store };
});

test("a refused commit changes nothing, one whose answer is lost changes everything", async () => {
  const opened = await openMemory();
  const { create, lease } = await sampleWriter(opened.store);
  const [pk = 0] = await create(sampleInstance("i-1"));
  const batch = {
    creates: [sampleInstance("i-2")],
    chunks: [],
    appends: [sampleChange(pk, 2, "queued", "running")],
    removes: [],
  };
  const seen = async (): Promise<unknown> => [
    (await opened.store.find("orders", "i-1"))?.status,
    (await opened.store.find("orders", "i-2"))?.status,
    await opened.store.statusCounts("orders"),
  ];
  const sound = { refused: 0, replyLost: 0, unread: 0, lateTurns: 2 };
  const before = await seen();
  const refusing = new FailingStore(opened.store, 1, { ...sound, refused: 1 });
  await expect(refusing.store.commit(batch, lease)).rejects.toBeInstanceOf(StoreError);
  expect(await seen()).toEqual(before);
  const silent = new FailingStore(opened.store, 1, { ...sound, replyLost: 1 });
  await expect(silent.store.commit(batch, lease)).rejects.toBeInstanceOf(StoreError);
  expect(await seen()).toEqual(["running", "queued", { running: 1, queued: 1 }]);
  silent.mend();
  expect(await silent.store.commit({ ...batch, appends: [] }, lease)).toMatchObject({ created: ["exists"] });
  await opened.close();
});

const SAME_PROCESS = "the script shares this process";
const GIVEN = "classes are given, no code is loaded";

// One that is late hears a stop late, by its nature, and one that repeats itself says things twice: that is for the engine to bear.
executorContract(
  "failing, in another order",
  ({ bindings, onLog }) =>
    failingExecutor({ clock: systemClock, classes, nextFault: () => ({ is: "shuffles" }), onLog, env: envOf(bindings) }),
  {
    bindings: "env is made by the caller",
    isolation: SAME_PROCESS,
    load: GIVEN,
    modules: GIVEN,
    fetch: GIVEN,
    events: GIVEN,
    hang: SAME_PROCESS,
    crash: SAME_PROCESS,
    rejections: SAME_PROCESS,
    exit: SAME_PROCESS,
  },
);

function envOf(bindings: BindingHandler): unknown {
  return {
    FLOW: workflowBinding(async (method, args) =>
      decode(await bindings({ to: "workflow", name: "flow", method, args: encode(args) })),
    ),
  };
}

function classes(): Record<string, WorkflowClass> {
  const platform = { WorkflowEntrypoint, NonRetryableError, env: undefined } as unknown as Platform;
  return contractScript(platform) as Record<string, WorkflowClass>;
}
