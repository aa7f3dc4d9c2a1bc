import { euros } from "@acme/core/money";
import { StatementKind, type StatementParams } from "@acme/core";
import { open } from "@acme/db";
import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { footer } from "@jobs/footer";

export class StatementWorkflow extends WorkflowEntrypoint<{ DB: D1Database }, StatementParams> {
  async run(event: Readonly<WorkflowEvent<StatementParams>>, step: WorkflowStep) {
    const { account, kind } = event.payload;
    const db = open(this.env.DB);
    const entries = await step.do("read entries", () => db.selectFrom("entries").select(["cents", "note"]).where("account", "=", account).orderBy("id").execute());
    const balance = entries.reduce((sum, { cents }) => sum + cents, 0);
    if (kind === StatementKind.Final) await step.sleep("objections", "1 second");
    const body = await step.do("write", async () => {
      const text = [...entries.map(({ cents, note }) => `${euros(cents)} ${note ?? "-"}`), euros(balance), footer(kind)].join("\n");
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("statements")
        .values({ account, body: text })
        .onConflict((conflict) => conflict.column("account").doUpdateSet({ body: text }))
        .executeTakeFirst();
      return { text, rows: Number(numInsertedOrUpdatedRows) };
    });
    return { ...body, workflow: event.workflowName };
  }
}
