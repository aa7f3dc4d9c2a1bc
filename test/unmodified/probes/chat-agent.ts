import type { Probe } from "../probe.ts";
import type { Socket } from "../visit.ts";

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly body?: string;
  readonly done?: boolean;
  readonly result?: unknown;
  readonly error?: string;
  readonly state?: State;
}

interface State {
  readonly refunds: Readonly<Record<string, { readonly status: string }>>;
  readonly progress: readonly string[];
}

export const chatAgent: Probe = {
  project: "chat-agent",
  kind: "Agents SDK: a chat with a tool, whose workflow waits for a colleague's approval",
  worker: "support-agent",
  ask: async (visit) => {
    const socket = await visit.socket("/agents/support-agent/desk");
    const first = await chat(socket, "m-1", "Please refund order A17");
    await stateOf(socket, ({ progress }) => progress.length === 1);
    const approvedBy = await rpc(socket, "decide", "refund-A17", true, "Ada");
    const approved = await stateOf(socket, ({ refunds }) => refunds["refund-A17"]?.status !== "pending");
    await chat(socket, "m-2", "And order B2, too");
    await stateOf(socket, ({ progress }) => progress.length === 2);
    await rpc(socket, "decide", "refund-B2", false, "Bob");
    const rejected = await stateOf(socket, ({ refunds }) => refunds["refund-B2"]?.status.startsWith("failed") === true);
    const history = await rpc(socket, "history");
    const tracked = await rpc(socket, "tracked");
    return {
      first,
      approvedBy,
      approved: approved.refunds,
      rejected: rejected.refunds,
      history,
      tracked,
      closed: await socket.close(),
      outside: [(await visit.ask("/")).status, (await visit.ask("/agents/unknown/x")).status],
    };
  },
  expected: {
    first: {
      kinds: [
        "start",
        "start-step",
        "tool-input-available",
        "tool-output-available",
        "finish-step",
        "text-start",
        "text-delta",
        "text-end",
        "finish",
      ],
      text: "I asked a colleague.",
    },
    approvedBy: { order: "A17" },
    approved: { "refund-A17": { order: "A17", status: "complete: paid 1999" } },
    rejected: {
      "refund-A17": { order: "A17", status: "complete: paid 1999" },
      "refund-B2": { order: "B2", status: "failed: Bob says no" },
    },
    history: ["user", "assistant", "user", "assistant"].map((role) => ({
      role,
      parts: role === "user" ? ["text"] : ["step-start", "tool-requestRefund", "step-start", "text"],
    })),
    tracked: [
      { workflowId: "refund-B2", workflowName: "REFUND_WORKFLOW", status: "errored" },
      { workflowId: "refund-A17", workflowName: "REFUND_WORKFLOW", status: "complete" },
    ],
    closed: 1000,
    outside: [404, 400],
  },
};

/** Says something, as the SDK's hook for React does; the kinds of chunks that come back, and the text in them. */
async function chat(
  socket: Socket,
  id: string,
  text: string,
): Promise<{ readonly kinds: readonly string[]; readonly text: string }> {
  const body = JSON.stringify({ messages: [{ id, role: "user", parts: [{ type: "text", text }] }], trigger: "submit-message" });
  socket.send(JSON.stringify({ type: "cf_agent_use_chat_request", id: `request-${id}`, init: { method: "POST", body } }));
  const kinds = new Set<string>();
  let said = "";
  for (;;) {
    const frame = await socket.json<Frame>((found) => found.type === "cf_agent_use_chat_response");
    if (frame.error) throw new Error(frame.body);
    const chunk = frame.body ? (JSON.parse(frame.body) as { type: string; delta?: string }) : undefined;
    if (chunk !== undefined) kinds.add(chunk.type);
    if (chunk?.type === "text-delta") said += chunk.delta;
    if (frame.done) return { kinds: [...kinds], text: said };
  }
}

async function rpc(socket: Socket, method: string, ...args: readonly unknown[]): Promise<unknown> {
  const id = `${method}-${JSON.stringify(args)}`;
  socket.send(JSON.stringify({ type: "rpc", id, method, args }));
  const { result, error } = await socket.json<Frame>((found) => found.type === "rpc" && found.id === id);
  if (error !== undefined) throw new Error(error);
  return result;
}

/** The state that is sent to clients, once it matches. */
async function stateOf(socket: Socket, matches: (state: State) => boolean): Promise<State> {
  const { state } = await socket.json<Frame>(
    (found) => found.type === "cf_agent_state" && found.state !== undefined && matches(found.state),
  );
  if (state === undefined) throw new Error("No state");
  return state;
}
