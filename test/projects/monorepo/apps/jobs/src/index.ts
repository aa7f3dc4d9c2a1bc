import { statementId, type StatementParams } from "@acme/core";
import { WorkerEntrypoint } from "cloudflare:workers";

export { StatementWorkflow } from "./workflows/statement";

interface Env {
  STATEMENT: Workflow<StatementParams>;
}

/** What the other Worker may ask of this one. */
export class Jobs extends WorkerEntrypoint<Env> {
  async start(params: StatementParams): Promise<string> {
    const instance = await this.env.STATEMENT.create({ id: statementId(params), params });
    return instance.id;
  }
}

export default { fetch: () => new Response("jobs", { status: 404 }) };
