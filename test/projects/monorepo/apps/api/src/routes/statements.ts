import { StatementKind, statementId } from "@acme/core";
import { open } from "@acme/db";
import type { Jobs } from "@jobs/index";
import { Hono } from "hono";

export interface Env {
  DB: D1Database;
  JOBS: Service<Jobs>;
  STATEMENT: Workflow;
}

export const statements = new Hono<{ Bindings: Env }>()
  .post("/:account/:kind", async (c) => {
    const { account, kind } = c.req.param();
    const params = { account, kind: kind as StatementKind };
    // One kind by the other Worker's own method, one by the workflow of the other Worker.
    if (kind === StatementKind.Monthly) return c.json({ by: "service", id: await c.env.JOBS.start(params) });
    const instance = await c.env.STATEMENT.create({ id: statementId(params), params });
    return c.json({ by: "workflow", id: instance.id });
  })
  .get("/:account/:kind", async (c) => {
    const { account, kind } = c.req.param();
    const instance = await c.env.STATEMENT.get(statementId({ account, kind: kind as StatementKind }));
    return c.json(await instance.status());
  })
  .get("/:account", async (c) => {
    const row = await open(c.env.DB).selectFrom("statements").select("body").where("account", "=", c.req.param("account")).executeTakeFirst();
    return row ? c.text(row.body) : c.notFound();
  });
