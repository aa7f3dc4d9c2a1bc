/**
 * `stepwell/testing`: for the tests of workflows. A test that was written for `cloudflare:test` needs its import changed,
 * and an engine opened.
 */
export {
  introspectWorkflow,
  introspectWorkflowInstance,
  type Modify,
  type WorkflowInstanceIntrospector,
  type WorkflowIntrospector,
} from "./introspection.ts";
export { createTestHarness } from "./harness/harness.ts";
export type { TestHarness, TestHarnessOptions, WorkerHandle } from "./harness/types.ts";
export type { MockEvent, StepSelector, WorkflowInstanceModifier } from "./modifier.ts";
export { env, openTestStepwell, type ProvidedEnv, type TestStepwell, type TestStepwellOptions } from "./test-stepwell.ts";
