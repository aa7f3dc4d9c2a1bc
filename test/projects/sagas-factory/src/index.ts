import { sagaNames } from "./define-workflow";
import { CloseAccount } from "./sagas/close-account";
import { ProvisionTenant } from "./sagas/provision-tenant";
import { SendDigest } from "./sagas/send-digest";

export { CloseAccount, ProvisionTenant, SendDigest };

const bindings = { "provision-tenant": "PROVISION_TENANT", "send-digest": "SEND_DIGEST", "close-account": "CLOSE_ACCOUNT" } as const;

const handler: ExportedHandler<Env> = {
  async fetch(request, env) {
    const [, saga = "", id] = new URL(request.url).pathname.split("/");
    if (saga === "") return Response.json({ sagas: sagaNames(), hasVersion: typeof env.VERSION.id === "string" });
    const workflow: Workflow | undefined = env[bindings[saga as keyof typeof bindings]];
    if (workflow === undefined) return Response.json({ error: "no such saga" }, { status: 404 });
    if (request.method === "POST") {
      const { id: created } = await workflow.create({ params: await request.json() });
      return Response.json({ id: created }, { status: 201, headers: { location: `/${saga}/${created}` } });
    }
    return Response.json(await (await workflow.get(id!)).status());
  },
};

export default handler;
