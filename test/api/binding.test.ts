/** What user code gets from `env.MY_WORKFLOW`: Cloudflare's methods, texts and codes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Doomed, Order, Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

/** Half a mebibyte. */
const HALF = "x".repeat(512 * 1024);

const NOT_A_DURATION =
  "Duration must be a number or a string in format '{{number}} {{unit}}' where unit is second(s), minute(s), etc.";

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper, Order, Doomed });
});
afterEach(() => api.close());

const ids = (instances: readonly { id: string }[]): string[] => instances.map(({ id }) => id);

test("create, get and status carry values that JSON has no word for", async () => {
  const quick = api.binding("Quick");
  const made = await quick.create({ id: "q", params: { when: new Date(5), seen: new Set([1]) } });
  await api.reaches({ workflow: "Quick", id: "q" }, "complete");
  expect(await api.output({ workflow: "Quick", id: "q" })).toEqual({ when: new Date(5), seen: new Set([1]) });
  expect(made.id).toBe("q");
  const found = await quick.get("q");
  expect(await found.status()).toMatchObject({ status: "complete", output: { when: "1970-01-01T00:00:00.005Z" } });
  expect((await quick.create()).id).toMatch(/^id-/);
});

test("status has no output before the end, and an error when there is one", async () => {
  const sleeping = await api.binding("Sleeper").create();
  await api.reaches({ workflow: "Sleeper", id: sleeping.id }, "waiting");
  expect(await sleeping.status()).toEqual({ status: "waiting" });
  const doomed = await api.binding("Doomed").create();
  await api.reaches({ workflow: "Doomed", id: doomed.id }, "errored");
  expect(await doomed.status()).toEqual({
    status: "errored",
    error: { name: expect.any(String) as string, message: expect.stringContaining("no use") as string },
  });
});

test("a handle pauses, resumes, terminates, restarts and deletes", async () => {
  const address = { workflow: "Sleeper", id: "s" };
  const handle = await api.binding("Sleeper").create({ id: "s" });
  await api.reaches(address, "waiting");
  await handle.pause();
  expect(await handle.status()).toEqual({ status: "paused" });
  await handle.resume();
  await api.reaches(address, "waiting");
  await handle.terminate();
  expect(await handle.status()).toEqual({ status: "terminated" });
  await expect(handle.terminate()).rejects.toThrow(
    "(instance.cannot_terminate) Cannot terminate instance since its on a finite state",
  );
  await expect(handle.sendEvent({ type: "x" })).rejects.toThrow(
    "(instance.in_finite_state) Instance reached a finite state, cannot send events to it",
  );
  await handle.restart();
  await api.reaches(address, "waiting");
  await handle.delete();
  await expect(handle.status()).rejects.toThrow("(instance.not_found)");
});

test("events carry values too", async () => {
  const handle = await api.binding("Order").create({ id: "o", params: {} });
  await handle.sendEvent({ type: "approve", payload: { by: new Map([[1, 2]]) } });
  const address = { workflow: "Order", id: "o" };
  await api.happens(address, "attempt_errored");
  api.clock.advance(60_000);
  await api.happens(address, "sleep_started");
  api.clock.advance(60 * 60_000);
  await api.reaches(address, "complete");
  expect(await api.output(address)).toEqual({ item: "nothing", by: new Map([[1, 2]]) });
});

describe("createBatch", () => {
  test("as a list passes over what is there", async () => {
    const quick = api.binding("Quick");
    await quick.create({ id: "b" });
    expect(ids(await quick.createBatch([{ id: "a" }, { id: "b" }, { id: "c" }]))).toEqual(["a", "c"]);
  });

  test("as an object says what became of each", async () => {
    const quick = api.binding("Quick");
    await quick.create({ id: "b" });
    const { created, errors } = await quick.createBatch({ instances: [{ id: "a" }, { id: "b" }, { id: "a" }, { params: 1 }] });
    expect(ids(created)).toEqual(["a", expect.stringMatching(/^id-/) as string]);
    expect(errors).toEqual([
      { index: 1, id: "b", code: 10405, message: "workflows.api.error.instance.already_exists" },
      { index: 2, id: "a", code: 10415, message: "workflows.api.error.instance.duplicate_in_batch" },
    ]);
    expect((await quick.createBatch({ count: 3, params: { n: 1 } })).created).toHaveLength(3);
  });

  test.each([
    [[], "(body) batchCreate should have at least 1 instance"],
    [Array.from({ length: 101 }, () => ({})), "(body) batchCreate only supports 100 instances at a time"],
    [[{}, { id: "a b" }], "(instance.invalid_id) Instance ID is invalid"],
    [{ count: 0 }, "(body) count must be a positive integer"],
    [{ count: 1.5 }, "(body) count must be a positive integer"],
    [{ count: 101 }, "(body) batchCreate only supports 100 instances at a time"],
    [{ instances: [] }, "(body) Batch size exceeds maximum allowed"],
    [{ count: 1, retention: { errorRetention: "3 moons" } }, `(body) ${NOT_A_DURATION}`],
    [{ instances: [{}, { retention: { successRetention: 0 } }] }, `(body) ${NOT_A_DURATION}`],
    [{ count: "3" }, "(body) count must be a positive integer"],
    [{}, "(body) Provided argument is invalid"],
    [null, "(body) Provided argument is invalid"],
    [{ instances: "a" }, "(body) Provided argument is invalid"],
    [{ instances: [{ id: "batch" }] }, "(instance.invalid_id) Instance ID is invalid"],
    [{ instances: [{ id: "terminate" }] }, "(instance.invalid_id) Instance ID is invalid"],
    [{ instances: [{ id: "terminateAll" }] }, "(instance.invalid_id) Instance ID is invalid"],
    [{ instances: [{}, { id: `cf_${"0a".repeat(32)}` }] }, "(instance.invalid_id) Instance ID is invalid"],
    [{ instances: Array.from({ length: 101 }, () => ({})) }, "(body) Batch size exceeds maximum allowed"],
    [{ instances: [{ params: HALF }, { params: `${HALF}x` }] }, "(instance.too_large) The batch is larger than 1 MiB"],
    [[{ params: HALF }, { params: `${HALF}x` }], "(instance.too_large) The batch is larger than 1 MiB"],
  ])("refuses %.40j whole", async (batch, message) => {
    await expect(api.binding("Quick").createBatch(batch as never)).rejects.toThrow(message);
    expect(await api.store.statusCounts("Quick")).toEqual({});
  });
});

describe("deleteBatch", () => {
  test("tells of each id", async () => {
    const quick = api.binding("Quick");
    await quick.create({ id: "a" });
    expect(await quick.deleteBatch(["a", "x", "x"])).toEqual({
      deleted: [{ id: "a" }],
      errors: [
        { id: "x", code: 10400, message: "workflows.api.error.instance.not_found" },
        { id: "x", code: 10400, message: "workflows.api.error.instance.not_found" },
      ],
    });
  });

  test.each([
    [[], "(body) batchDeleteInstances should have at least 1 instance"],
    [Array.from({ length: 101 }, (_, i) => `q-${i}`), "(body) batchDeleteInstances only supports 100 instances at a time"],
    ["a", "(body) Provided argument is invalid"],
    [["kept", "a!"], "(instance.invalid_id) Instance ID is invalid"],
    [["kept", "k".repeat(272)], "(instance.invalid_id) Instance ID is invalid"],
    [["kept", 7], "(instance.invalid_id) Instance ID is invalid"],
  ])("refuses %.40j whole", async (wanted, message) => {
    await api.binding("Quick").create({ id: "kept" });
    await expect(api.binding("Quick").deleteBatch(wanted as never)).rejects.toThrow(message);
    expect((await api.binding("Quick").get("kept")).id).toBe("kept");
  });
});

test.each([
  [{ id: "a b" }, "(instance.invalid_id) Instance ID is invalid"],
  [{ id: 5 }, "(body)"],
  ["text", "(body)"],
  [{ params: "x".repeat(1024 * 1024 + 1) }, "(instance.too_large)"],
])("create refuses %.30j", async (options, message) => {
  await expect(api.binding("Quick").create(options as never)).rejects.toThrow(message);
});

test("a value that cannot be cloned is refused before it is sent", async () => {
  class HeadResult {}
  await expect(api.binding("Quick").create({ params: { list: [new HeadResult()] } })).rejects.toThrow(
    'Could not serialize object of type "HeadResult" at [0].params.list[0]',
  );
});

test("a workflow or an instance that does not exist rejects with not_found", async () => {
  await expect(api.binding("Missing").create()).rejects.toThrow("(workflow.not_found)");
  await expect(api.binding("Quick").get("missing")).rejects.toThrow("(instance.not_found) Instance not found");
});
