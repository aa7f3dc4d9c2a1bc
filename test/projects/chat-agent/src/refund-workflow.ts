import { AgentWorkflow, type AgentWorkflowEvent, type AgentWorkflowStep } from "agents/workflows";
import type { SupportAgent } from "./server";

export type RefundParams = { order: string; cents: number };
export type RefundProgress = { step: string; status: "running" | "pending"; percent: number };

export class RefundWorkflow extends AgentWorkflow<SupportAgent, RefundParams, RefundProgress> {
  async run(event: AgentWorkflowEvent<RefundParams>, step: AgentWorkflowStep) {
    const { order, cents } = event.payload;
    const request = await step.do("check", { retries: { limit: 3, delay: "2 seconds", backoff: "exponential" }, timeout: "1 minute" }, async () => ({
      order,
      cents: Math.min(cents, 5000),
    }));
    await this.reportProgress({ step: "approval", status: "pending", percent: 0.5 });
    const approval = await this.waitForApproval<{ by: string }>(step, { timeout: "7 days" });
    const receipt = await step.do("pay", async () => this.agent.payOut(request.order, request.cents));
    await step.mergeAgentState({ lastApprover: approval?.by });
    const result = { receipt, by: approval?.by, agent: typeof this.agent };
    await step.reportComplete(result);
    return result;
  }
}
