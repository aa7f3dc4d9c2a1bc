/** Scripts at a glance, and that nothing secret is in it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDeploying, uploadOf, type Deploying } from "../support/deploying.ts";

const OWN = "../../../../../../api/v1/scripts";

const CODE = `
import { WorkflowEntrypoint } from "cloudflare:workers";
export class Bill extends WorkflowEntrypoint { async run() {} }
export default { fetch: () => new Response("bank") };
`;

let server: Deploying;

beforeEach(async () => {
  server = await openDeploying();
});
afterEach(() => server.close());

async function deploy(script: string, message: string): Promise<void> {
  const metadata = {
    compatibility_date: "2026-11-01",
    annotations: { "workers/message": message },
    bindings: [
      { type: "plain_text", name: "CURRENCY", text: "GBP" },
      { type: "secret_text", name: "KEY", text: "hush" },
    ],
  };
  expect((await server.call("PUT", script, uploadOf(CODE, metadata))).errors).toEqual([]);
}

test("there are none at first", async () => {
  expect(await server.call("GET", OWN)).toMatchObject({ status: 200, result: [] });
});

test("scripts are listed by name, each with its active version", async () => {
  await deploy("shop", "First");
  await deploy("bank", "First");
  await deploy("bank", "Second");
  await server.call("PUT", "../../workflows/bills", { class_name: "Bill", script_name: "bank" });
  await server.call("PUT", "bank/schedules", [{ cron: "0 4 * * *" }]);
  const { result } = (await server.call("GET", OWN)) as { result: { name: string }[] };
  expect(result.map(({ name }) => name)).toEqual(["bank", "shop"]);
  expect(result[0]).toMatchObject({
    path: "/workers/bank/",
    host_names: ["bank.localhost", "fixed.example.com"],
    version: { number: 2, message: "Second" },
    workflows: [{ name: "bills", class_name: "Bill" }],
    bindings: 2,
    secrets: 1,
    crons: ["0 4 * * *"],
    compatibility_date: "2026-11-01",
  });
  expect(JSON.stringify(result)).not.toContain("hush");
  expect((await server.call("GET", `${OWN}/bank`)).result).toEqual(result[0]);
});

test("their cron triggers are among all that comes round", async () => {
  await deploy("bank", "First");
  await server.call("PUT", "bank/schedules", [{ cron: "30 4 * * MON" }]);
  expect((await server.call("GET", "../../../../../../api/v1/schedules")).result).toMatchObject([
    { script: "bank", workflow: null, cron: "30 4 * * MON", words: "Every Monday at 04:30", next: { length: 5 }, last: null },
  ]);
});

test("a rollback makes the earlier version active", async () => {
  await deploy("bank", "First");
  await deploy("bank", "Second");
  const { items } = (await server.call("GET", "bank/versions")).result as { items: { id: string; number: number }[] };
  const first = items.find(({ number }) => number === 1)?.id;
  await server.call("POST", "bank/deployments", { versions: [{ version_id: first, percentage: 100 }] });
  expect((await server.call("GET", `${OWN}/bank`)).result).toMatchObject({ version: { id: first, number: 1, message: "First" } });
});

test("a script that does not exist is answered with 404", async () => {
  expect((await server.call("GET", `${OWN}/missing`)).status).toBe(404);
});
