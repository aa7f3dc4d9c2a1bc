/** Changes of instances. Affected queries are refetched afterwards. */
import { queryClient } from "./queries.ts";
import { ACCOUNT, result, v4 } from "./client.ts";

const address = (workflow: string, id: string) => ({
  path: { account_id: ACCOUNT, workflow_name: workflow, instance_id: id },
});

/** A change of an instance's status. */
export type Change =
  | { readonly status: "pause" | "resume" }
  | { readonly status: "terminate"; readonly rollback?: boolean }
  | {
      readonly status: "restart";
      readonly from?: { readonly name: string; readonly count: number; readonly type: "do" | "sleep" | "waitForEvent" };
    };

export async function changeStatus(workflow: string, id: string, change: Change): Promise<void> {
  await result(
    v4.PATCH("/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}/status", {
      params: address(workflow, id),
      body: change as never,
    }),
  );
  // Of an instance that has ended no event tells that it has begun anew.
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["timeline", workflow, id] }),
    queryClient.invalidateQueries({ queryKey: ["instance", workflow, id] }),
    refresh(workflow),
  ]);
}

export async function sendEvent(workflow: string, id: string, type: string, payload: unknown): Promise<void> {
  await result(
    v4.POST("/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}/events/{event_type}", {
      params: { path: { ...address(workflow, id).path, event_type: type } },
      body: payload as never,
    }),
  );
}

export async function deleteInstance(workflow: string, id: string): Promise<void> {
  await result(
    v4.DELETE("/accounts/{account_id}/workflows/{workflow_name}/instances/{instance_id}", { params: address(workflow, id) }),
  );
  await refresh(workflow);
}

/** Creates an instance; answers its id. */
export async function createInstance(workflow: string, params: unknown, id?: string): Promise<string> {
  const made = await result(
    v4.POST("/accounts/{account_id}/workflows/{workflow_name}/instances", {
      params: { path: { account_id: ACCOUNT, workflow_name: workflow } },
      body: { params, ...(id !== undefined && { instance_id: id }) },
    }),
  );
  await refresh(workflow);
  return made.id;
}

async function refresh(workflow: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["instances", workflow] }),
    queryClient.invalidateQueries({ queryKey: ["workflow", workflow] }),
    queryClient.invalidateQueries({ queryKey: ["workflows"] }),
  ]);
}
