import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workflow } from "stepwell";
import { env, introspectWorkflow, introspectWorkflowInstance, openTestStepwell, type TestStepwell } from "stepwell/testing";
import { Subscription } from "../src/subscription.ts";

declare module "stepwell/testing" {
  interface ProvidedEnv {
    readonly SUBSCRIPTION: Workflow<{ readonly customer: string }>;
  }
}

let stepwell: TestStepwell;
beforeAll(async () => {
  stepwell = await openTestStepwell({ workflows: { SUBSCRIPTION: Subscription } });
});
afterAll(() => stepwell.close());

test("a year passes, and every month is charged", async () => {
  await using workflow = await introspectWorkflow(env.SUBSCRIPTION);
  await workflow.modifyAll(async (m) => {
    for (let month = 1; month <= 12; month += 1) await m.mockStepResult({ name: "charge", index: month }, `receipt ${month}`);
  });
  await env.SUBSCRIPTION.create({ params: { customer: "ada" } });
  const [instance] = await workflow.get();
  await instance?.waitForStatus("complete");
  expect(await instance?.getOutput()).toMatchObject({ receipts: { length: 12 }, ended: "after a year" });
});

test("a card that is refused is charged again, and then the customer is asked", async () => {
  await using instance = await introspectWorkflowInstance(env.SUBSCRIPTION, "grace");
  await instance.modify(async (m) => {
    await m.mockStepError({ name: "charge" }, new Error("refused"), 2);
    await m.mockStepResult({ name: "charge" }, "receipt 1");
    await m.mockStepError({ name: "charge", index: 2 }, new Error("refused"));
    await m.mockEvent({ type: "answer", payload: { reason: "too expensive" } });
  });
  await env.SUBSCRIPTION.create({ id: "grace", params: { customer: "grace" } });
  expect(await instance.waitForStepResult({ name: "charge" })).toBe("receipt 1");
  await instance.waitForStatus("complete");
  expect(await instance.getOutput()).toEqual({ receipts: ["receipt 1"], ended: "too expensive" });
});

test("a customer who does not answer is let go", async () => {
  await using instance = await introspectWorkflowInstance(env.SUBSCRIPTION, "alan");
  await instance.modify(async (m) => {
    await m.forceStepTimeout({ name: "charge" });
    await m.forceEventTimeout({ name: "answer" });
  });
  await env.SUBSCRIPTION.create({ id: "alan", params: { customer: "alan" } });
  await instance.waitForStatus("complete");
  expect(await instance.getOutput()).toEqual({ receipts: [], ended: "no answer" });
});
