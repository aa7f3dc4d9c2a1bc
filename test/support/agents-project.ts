/** A Worker that uses the Agents SDK as its documentation does: an agent with a workflow and sub-agents, and one that chats. */

const CONFIG = {
  name: "agents-app",
  main: "src/index.ts",
  compatibility_date: "2026-11-17",
  compatibility_flags: ["nodejs_compat"],
  durable_objects: {
    bindings: [
      { name: "Desk", class_name: "Desk" },
      { name: "Talk", class_name: "Talk" },
    ],
  },
  migrations: [{ tag: "v1", new_sqlite_classes: ["Desk", "Talk"] }],
  workflows: [{ binding: "RESEARCH", name: "research", class_name: "Research" }],
};

const DESK = `
import { Agent, callable, getAgentByName, getCurrentAgent } from "agents";

export class Desk extends Agent {
  initialState = { log: [] };
  onStart() { this.sql\`CREATE TABLE IF NOT EXISTS notes (text TEXT)\`; }
  onConnect(connection) { connection.setState({ met: true }); }
  onMessage(connection, message) { connection.send("echo " + message + " " + JSON.stringify(connection.state)); }
  onRequest(request) { return Response.json({ path: new URL(request.url).pathname, name: this.name, state: this.state }); }
  note(entry) { this.setState({ ...this.state, log: [...this.state.log, entry] }); return this.state.log.length; }

  async onWorkflowProgress(name, id, progress) { this.note(["progress", name, progress]); }
  async onWorkflowComplete(name, id, result) { this.note(["complete", name, result]); }
  async onWorkflowError(name, id, error) { this.note(["error", name, String(error)]); }
  async onWorkflowEvent(name, id, event) { this.note(["event", name, event]); }
  @callable() begin(params, options) { return this.runWorkflow("RESEARCH", params, options); }
  @callable() approve(id) { return this.approveWorkflow(id, { reason: "fine", metadata: { by: "ann" } }); }
  @callable() reject(id) { return this.rejectWorkflow(id, { reason: "not now" }); }
  @callable() terminate(id) { return this.terminateWorkflow(id); }
  @callable() pause(id) { return this.pauseWorkflow(id); }
  @callable() resume(id) { return this.resumeWorkflow(id); }
  @callable() restart(id) { return this.restartWorkflow(id); }
  @callable() news(id, payload) { return this.sendWorkflowEvent("RESEARCH", id, { type: "news", payload }); }
  @callable() async status(id) { const { status, output, error } = await this.getWorkflowStatus("RESEARCH", id); return { status, output: output ?? undefined, error }; }
  @callable() tracked(id) { const { workflowName, status, metadata, error, completedAt } = this.getWorkflow(id) ?? {}; return { workflowName, status, metadata, error, isDone: completedAt != null }; }

  @callable() add(a, b) { return a + b; }
  @callable() fails() { throw new RangeError("out of it"); }
  @callable() whoami() { const { agent, connection } = getCurrentAgent(); return [agent?.name, this.constructor.name, connection !== undefined]; }
  @callable({ streaming: true }) async count(stream, n) { for (let i = 0; i < n; i++) stream.send(i); stream.end("done"); }
  @callable() write(text) { this.sql\`INSERT INTO notes VALUES (\${text})\`; return this.sql\`SELECT text FROM notes ORDER BY text\`; }
  async rung(payload) { this.note(["rung", payload]); }
  @callable() async soon() { await this.schedule(new Date(Date.now() + 500), "rung", "schedule"); }
  @callable() async queued() { await this.queue("rung", "queue"); }
  @callable() async timetable() {
    await this.schedule("0 8 * * *", "rung", "cron");
    await this.schedule(3600, "rung", "hour");
    const schedules = await this.getSchedules();
    for (const { id } of schedules) await this.cancelSchedule(id);
    const shown = schedules.map(({ type, callback, payload, cron, delayInSeconds }) => ({ type, callback, payload, cron, delayInSeconds }));
    return [shown.sort((a, b) => (a.type < b.type ? -1 : 1)), (await this.getSchedules()).length];
  }
  @callable() async other(name) {
    const bound = await getAgentByName(this.env.Desk, name);
    const exported = await getAgentByName(this.ctx.exports.Desk, name);
    return [await bound.note("from " + this.name), await exported.note("again")];
  }
  @callable() async child(name) { const child = await this.subAgent(Helper, name); return [await child.who(), await child.next(), await child.next()]; }
  @callable() async childBegins(name) { return (await this.subAgent(Helper, name)).begin({ from: name }); }
  @callable() async childState(name) { return (await this.subAgent(Helper, name)).currentState(); }
}
export class Helper extends Agent {
  who() { return [this.name, this.constructor.name]; }
  next() {
    this.sql\`CREATE TABLE IF NOT EXISTS counts (n INTEGER)\`;
    this.sql\`INSERT INTO counts VALUES (1)\`;
    return this.sql\`SELECT count(*) AS n FROM counts\`[0].n;
  }
  note(text) { return this.name + " has noted: " + text; }
  begin(params) { return this.runWorkflow("RESEARCH", params); }
  async onWorkflowComplete(name, id, result) { this.setState({ result }); }
  currentState() { return this.state ?? null; }
}`;

const RESEARCH = `
import { AgentWorkflow } from "agents/workflows";

export class Research extends AgentWorkflow {
  async run(event, step) {
    const params = event.payload;
    const noted = await step.do("think", () => this.agent.note("a step"));
    await this.reportProgress({ step: "thought", percent: 0.5 });
    this.broadcastToClients({ type: "half-way" });
    if (params.fails) await step.do("boom", { retries: { limit: 0, delay: 1 } }, async () => { throw new Error("research failed"); });
    if (params.reports) await step.reportError("reported");
    if (params.approve) await step.mergeAgentState({ approved: await this.waitForApproval(step, { timeout: "5 minutes" }) });
    if (params.waits) await step.mergeAgentState({ news: (await step.waitForEvent("news", { type: "news", timeout: "5 minutes" })).payload });
    await step.sendEvent({ hello: 1 });
    await step.mergeAgentState({ done: true });
    await step.reportComplete({ noted });
    return { keys: Object.keys(params), names: [this.workflowName, this.workflowId === event.instanceId] };
  }
}`;

const TALK = `
import { callable } from "agents";
import { AIChatAgent } from "@cloudflare/ai-chat";
import { createUIMessageStream, createUIMessageStreamResponse } from "ai";

export class Talk extends AIChatAgent {
  async onChatMessage() {
    const said = this.messages.at(-1).parts.map(({ text }) => text).join("");
    const stream = createUIMessageStream({ execute: ({ writer }) => {
      writer.write({ type: "start", messageId: "answer-" + this.messages.length });
      writer.write({ type: "text-start", id: "text" });
      for (const delta of ["You", " said: ", said]) writer.write({ type: "text-delta", id: "text", delta });
      writer.write({ type: "text-end", id: "text" });
      writer.write({ type: "finish" });
    } });
    return createUIMessageStreamResponse({ stream });
  }
  @callable() kept() { return this.messages.map(({ role, parts }) => [role, parts.map(({ text }) => text)]); }
}`;

const INDEX = `
import { routeAgentRequest } from "agents";
export { Desk, Helper } from "./desk";
export { Research } from "./research";
export { Talk } from "./talk";
export default { async fetch(request, env) { return (await routeAgentRequest(request, env)) ?? new Response("no agent", { status: 404 }); } };`;

/** Its files, packages aside. */
export const AGENTS_PROJECT: Readonly<Record<string, string>> = {
  "wrangler.json": JSON.stringify(CONFIG),
  "src/desk.ts": `// @ts-nocheck${DESK}`,
  "src/research.ts": `// @ts-nocheck${RESEARCH}`,
  "src/talk.ts": `// @ts-nocheck${TALK}`,
  "src/index.ts": `// @ts-nocheck${INDEX}`,
};
