import * as v from "valibot";
import { defineWorkflow } from "../define-workflow";

export const ProvisionTenant = defineWorkflow({
  name: "provision-tenant",
  input: v.object({ slug: v.pipe(v.string(), v.regex(/^[a-z-]+$/)), plan: v.optional(v.picklist(["free", "pro"]), "free") }),
  async run({ input, env, steps }) {
    const database = await steps.do("create database", async () => ({ id: `db-${input.slug}`, region: env.REGION }));
    await steps.pause(50);
    const keys = await Promise.all(["read", "write"].map((scope) => steps.do(`key ${scope}`, async () => `${scope}:${database.id}`)));
    return { ...input, database, keys };
  },
});
