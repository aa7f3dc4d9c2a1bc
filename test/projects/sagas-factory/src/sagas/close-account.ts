import type { WorkflowStep } from "cloudflare:workers";
import { StagedWorkflow } from "./base";

type Params = { account: string; fail?: boolean };

export class CloseAccount extends StagedWorkflow<Params, object> {
  protected override readonly stages = ["exportData", "removeUsers", "settle"] as const;

  async exportData({ account }: Params, step: WorkflowStep) {
    return step.do("export data", async () => ({ file: `${account}.zip`, bytes: new Uint8Array([1, 2, 3]) }));
  }

  async removeUsers({ account }: Params, step: WorkflowStep) {
    const users = await step.do("list users", async () => new Map([[`${account}-1`, { admin: true }], [`${account}-2`, { admin: false }]]));
    const removed = [];
    for (const [user, { admin }] of users) removed.push(await step.do(`remove ${user}`, async () => ({ user, admin })));
    return removed;
  }

  async settle({ fail }: Params, step: WorkflowStep) {
    return step.do("settle", { retries: { limit: 0, delay: 0 } }, async () => {
      if (fail) throw new RangeError("The balance is negative");
      return "settled";
    });
  }

  protected override finish(outputs: Record<string, unknown>) {
    const { bytes, file } = outputs["exportData"] as { bytes: Uint8Array; file: string };
    return { file, isBytes: bytes instanceof Uint8Array, size: bytes.byteLength, removed: outputs["removeUsers"], settled: outputs["settle"] };
  }
}
