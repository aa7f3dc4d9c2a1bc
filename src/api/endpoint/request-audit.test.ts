import { expect, test } from "vitest";
import { actionOf } from "./request-audit.ts";

test.each([
  ["post", "/accounts/{account_id}/workflows/{workflow_name}/instances", "workflows.instances.create"],
  ["post", "/accounts/{account_id}/workflows/{workflow_name}/instances/batch/delete", "workflows.instances.batch.delete"],
  ["put", "/accounts/{account_id}/workflows/{workflow_name}/instances/terminate", "workflows.instances.terminate"],
  ["delete", "/accounts/{account_id}/workflows/{workflow_name}", "workflows.delete"],
  ["patch", "/users/{user_name}", "users.change"],
  ["put", "/accounts/{account_id}/workers/scripts/{script_name}", "workers.scripts.set"],
  ["post", "/accounts/{account_id}/queues/{queue_id}/purge", "queues.purge"],
] as const)("%s %s is %s", (method, path, action) => {
  expect(actionOf(method, path)).toBe(action);
});
