/**
 * A small shop with something of everything that the dashboard shows: what runs, waits, sleeps, failed, was rolled back, goes
 * round a dozen times, comes by a schedule; two scripts, one of them in several versions. For screenshots, and for tests of pages.
 */
import { once } from "node:events";
import { makeProject, startServer, type Project, type Server } from "./server.ts";

const SHOP = `
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Checkout extends WorkflowEntrypoint {
  async run({ payload }, step) {
    const cart = await step.do("price the cart", async () => ({
      customer: payload.customer,
      items: payload.items,
      total: payload.items.reduce((sum, { price, quantity }) => sum + price * quantity, 0),
    }));
    console.log("cart priced at", cart.total);
    await step.do("reserve stock", async () => ({ warehouse: "Leeds", until: "18:00" }));
    let attempt = 0;
    await step.do("charge card", { retries: { limit: 3, delay: 40, backoff: "constant" } }, async () => {
      attempt += 1;
      if (payload.flaky && attempt < 3) {
        console.warn("the bank does not answer");
        throw new Error("504 from payments.example.com");
      }
      return { receipt: "r-" + payload.customer.toLowerCase() };
    });
    const { payload: approval } = await step.waitForEvent("wait for approval", { type: "approval", timeout: "2 days" });
    await step.do("ship", async () => ({ carrier: "Royal Mail", approvedBy: approval.by }));
    return { shipped: true, total: cart.total };
  }
}

export class ImportCatalogue extends WorkflowEntrypoint {
  async run({ payload }, step) {
    let products = 0;
    for (let page = 1; page <= payload.pages; page += 1)
      products += await step.do("fetch page", async () => {
        await new Promise((resolve) => setTimeout(resolve, 10 + ((page * 37) % 40)));
        return 20 + page;
      });
    await step.do("build index", async () => ({ products }));
    if (payload.sleeps) await step.sleep("until the shop closes", "9 hours");
    return { products };
  }
}

export class Refund extends WorkflowEntrypoint {
  async run({ payload }, step) {
    await step.do("credit account", async () => payload.amount, { rollback: async () => console.log("credit taken back") });
    await step.do("restock", async () => payload.order, { rollback: async () => {} });
    await step.do("notify ledger", { retries: { limit: 2, delay: 30 } }, async () => {
      throw new Error("ledger is read-only until the audit is over");
    });
  }
}

export class NightlyReport extends WorkflowEntrypoint {
  async run({ schedule }, step) {
    await step.do("collect sales", async () => ({ orders: 214, revenue: 10913 }));
    await step.do("send to accounting", async () => "sent");
  }
}

export default {
  async fetch() {
    return new Response("shop");
  },
  async scheduled() {
    console.log("carts that were left are cleared away");
  },
};
`;

const CONFIG = {
  name: "shop",
  main: "index.js",
  compatibility_date: "2026-11-01",
  vars: { CURRENCY: "GBP", LIMITS: { items: 50 } },
  triggers: { crons: ["*/15 * * * *"] },
  workflows: [
    { name: "checkout", binding: "CHECKOUT", class_name: "Checkout" },
    { name: "import-catalogue", binding: "IMPORT", class_name: "ImportCatalogue" },
    { name: "refund", binding: "REFUND", class_name: "Refund" },
    { name: "nightly-report", binding: "REPORT", class_name: "NightlyReport", schedules: ["30 2 * * *", "0 9 * * MON"] },
  ],
};

const MAIL = (line: string): string => `
export default {
  async fetch(request) {
    console.log("mail for", new URL(request.url).pathname);
    if (request.url.endsWith("broken")) console.error("no such mailbox");
    return new Response(${JSON.stringify(line)});
  },
};
`;

/** The server, and the files that it runs. */
export interface Demo {
  readonly server: Server;
  close(): Promise<void>;
}

/** Opens it, and waits until every instance is where it is to be seen. */
export async function openDemo(): Promise<Demo> {
  const project: Project = await makeProject({ "wrangler.json": JSON.stringify(CONFIG), "index.js": SHOP });
  const server = await startServer(["dev", project.folder, "--data", `${project.folder}/data`, "--port", "0", "--quiet"]);
  await deployMail(server);
  await fill(server);
  return {
    server,
    close: async () => {
      await server.kill();
      await project.remove();
    },
  };
}

/** Three versions, the last of which comes from a secret. */
async function deployMail(server: Server): Promise<void> {
  const messages = ["First version", "Answers in HTML", "Retries when the provider is slow"];
  for (const [i, message] of messages.entries()) {
    const form = new FormData();
    const bindings = [
      { type: "plain_text", name: "SENDER", text: "shop@example.com" },
      { type: "json", name: "ROUTES", json: { orders: "orders@example.com" } },
      { type: "service", name: "SHOP", service: "shop" },
      { type: "workflow", name: "REFUND", workflow_name: "refund", class_name: "Refund", script_name: "shop" },
    ];
    const annotations = { "workers/message": message, "workers/tag": `v1.${i}` };
    form.set(
      "metadata",
      JSON.stringify({
        main_module: "index.js",
        compatibility_date: "2026-11-01",
        bindings,
        annotations,
        keep_bindings: ["secret_text"],
      }),
    );
    form.set("index.js", new File([MAIL(message)], "index.js", { type: "application/javascript+module" }));
    const answer = await fetch(`${server.url}/client/v4/accounts/local/workers/scripts/mail`, { method: "PUT", body: form });
    if (!answer.ok) throw new Error(await answer.text());
  }
  await expectOk(
    server.call("PUT", "/workers/scripts/mail/secrets", { name: "SMTP_PASSWORD", text: "hush", type: "secret_text" }),
  );
}

const ITEMS = [
  { sku: "tea", price: 6, quantity: 2 },
  { sku: "kettle", price: 39, quantity: 1 },
];

async function fill(server: Server): Promise<void> {
  const create = (workflow: string, id: string, params: object = {}): Promise<void> =>
    expectOk(server.call("POST", `/workflows/${workflow}/instances`, { instance_id: id, params }));
  for (const customer of ["Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances"])
    await create("checkout", `order-${1041 + customer.length}-${customer.toLowerCase()}`, { customer, items: ITEMS });
  await create("checkout", "order-1040-alan", { customer: "Alan", items: ITEMS, flaky: true });
  await create("import-catalogue", "spring", { pages: 24, sleeps: true });
  await create("import-catalogue", "winter", { pages: 12 });
  await create("refund", "refund-981", { order: "order-0981", amount: 51 });
  await create("refund", "refund-982", { order: "order-0982", amount: 12 });
  await create("nightly-report", "by-hand");
  await reaches(server, "checkout", "order-1040-alan", "waiting");
  await reaches(server, "import-catalogue", "winter", "complete");
  await reaches(server, "import-catalogue", "spring", "waiting");
  await reaches(server, "refund", "refund-981", "errored");
  await reaches(server, "nightly-report", "by-hand", "complete");
  const done = "order-1044-ada";
  await reaches(server, "checkout", done, "waiting");
  await expectOk(server.call("POST", `/workflows/checkout/instances/${done}/events/approval`, { by: "Mary" }));
  await reaches(server, "checkout", done, "complete");
  await expectOk(server.call("PATCH", "/workflows/checkout/instances/order-1047-edsger/status", { status: "pause" }));
  await expectOk(server.call("PATCH", "/workflows/checkout/instances/order-1048-barbara/status", { status: "terminate" }));
}

async function expectOk(answer: Promise<{ readonly success: boolean; readonly errors: unknown }>): Promise<void> {
  const { success, errors } = await answer;
  if (!success) throw new Error(JSON.stringify(errors));
}

/** Follows the instance's events: after each of them it may be there. */
async function reaches(server: Server, workflow: string, id: string, status: string): Promise<void> {
  const there = async (): Promise<boolean> =>
    ((await server.call("GET", `/workflows/${workflow}/instances/${id}?simple=true`)).result as { status: string }).status ===
    status;
  const socket = new WebSocket(
    `${server.url.replace("http", "ws")}/client/v4/accounts/local/workflows/${workflow}/instances/${id}/subscribe`,
  );
  await once(socket, "open");
  try {
    while (!(await there())) await once(socket, "message");
  } finally {
    socket.close();
  }
}
