import { AIChatAgent } from "@cloudflare/ai-chat";
import { callable, routeAgentRequest } from "agents";
import { convertToModelMessages, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { deskModel } from "./model";
import type { RefundParams, RefundProgress } from "./refund-workflow";

export { RefundWorkflow } from "./refund-workflow";

interface State {
  refunds: Record<string, { order: string; status: string; by?: string }>;
  progress: string[];
}

export class SupportAgent extends AIChatAgent<Env, State> {
  override initialState: State = { refunds: {}, progress: [] };

  override async onChatMessage() {
    const result = streamText({
      model: deskModel,
      messages: await convertToModelMessages(this.messages),
      stopWhen: stepCountIs(3),
      tools: {
        requestRefund: tool({
          description: "Ask a colleague to approve a refund",
          inputSchema: z.object({ order: z.string(), cents: z.number().int() }),
          execute: async ({ order, cents }) => {
            const id = await this.runWorkflow("REFUND_WORKFLOW", { order, cents } satisfies RefundParams, { id: `refund-${order}`, metadata: { order } });
            this.setState({ ...this.state, refunds: { ...this.state.refunds, [id]: { order, status: "pending" } } });
            return { id, status: "pending" };
          },
        }),
      },
    });
    return result.toUIMessageStreamResponse();
  }

  @callable({ description: "Decides on a refund" })
  async decide(id: string, ok: boolean, by: string) {
    if (ok) await this.approveWorkflow(id, { reason: "fine", metadata: { by } });
    else await this.rejectWorkflow(id, { reason: `${by} says no` });
    return this.getWorkflow(id)?.metadata;
  }

  @callable()
  async history(): Promise<{ role: string; parts: string[] }[]> {
    return this.messages.map(({ role, parts }) => ({ role, parts: parts.map(({ type }) => type) }));
  }

  @callable()
  async tracked() {
    const { workflows } = this.getWorkflows();
    return workflows.map(({ workflowId, workflowName, status }) => ({ workflowId, workflowName, status }));
  }

  /** From the workflow, by RPC. */
  async payOut(order: string, cents: number): Promise<string> {
    this.sql`CREATE TABLE IF NOT EXISTS payouts (order_id TEXT PRIMARY KEY, cents INTEGER)`;
    this.sql`INSERT OR IGNORE INTO payouts VALUES (${order}, ${cents})`;
    const [{ total }] = this.sql<{ total: number }>`SELECT sum(cents) AS total FROM payouts`;
    return `paid ${total}`;
  }

  override async onWorkflowProgress(_name: string, _id: string, progress: unknown) {
    const { step, percent } = progress as RefundProgress;
    this.setState({ ...this.state, progress: [...this.state.progress, `${step} ${percent}`] });
  }

  override async onWorkflowComplete(_name: string, id: string, result?: unknown) {
    this.#settle(id, `complete: ${(result as { receipt: string }).receipt}`);
  }

  override async onWorkflowError(_name: string, id: string, error: string) {
    this.#settle(id, `failed: ${error}`);
  }

  #settle(id: string, status: string) {
    const refund = this.state.refunds[id];
    if (refund) this.setState({ ...this.state, refunds: { ...this.state.refunds, [id]: { ...refund, status } } });
  }
}

export default {
  async fetch(request: Request, env: Env) {
    return (await routeAgentRequest(request, env, { cors: true })) ?? new Response("Not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
