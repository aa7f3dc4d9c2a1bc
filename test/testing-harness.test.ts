/** `createTestHarness` of `stepwell/testing`. `test/long/testing-harness.test.ts` runs the same cases with wrangler's. */
import { expect, test } from "vitest";
import { createTestHarness } from "../src/testing/index.ts";
import { harnessCases } from "./support/harness-cases.ts";

harnessCases(createTestHarness);

test("an unsupported method is refused by its name, with an alternative", async () => {
  const worker = createTestHarness().getWorker();
  const refused = { code: "unsupported" };
  await expect(worker.email({ from: "a@b.c", to: "d@e.f", raw: "" })).rejects.toMatchObject(refused);
  await expect(worker.listDurableObjectIds("COUNTER")).rejects.toMatchObject(refused);
  await expect(worker.evictDurableObject("COUNTER", { name: "a" })).rejects.toMatchObject(refused);
  await expect(worker.getDurableObjectStorage("COUNTER", { name: "a" })).rejects.toThrow(/getDurableObjectStorage.*getEnv\(\)/);
});
