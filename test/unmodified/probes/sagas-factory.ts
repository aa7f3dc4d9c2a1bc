import type { Probe } from "../probe.ts";
import type { Status, Visit } from "../visit.ts";

export const sagasFactory: Probe = {
  project: "sagas-factory",
  kind: "functions that make classes of WorkflowEntrypoint, subclasses of those, an abstract one",
  worker: "sagas",
  ask: async (visit) => ({
    home: await visit.json("/"),
    provisioned: await run(visit, "provision-tenant", { slug: "acme" }),
    invalid: await run(visit, "provision-tenant", { slug: "ACME!" }),
    digest: await run(visit, "send-digest", { to: ["ada@example.com", "bob@example.com"] }),
    closed: await run(visit, "close-account", { account: "acme" }),
    failed: await run(visit, "close-account", { account: "acme", fail: true }),
  }),
  expected: {
    home: { sagas: ["provision-tenant", "send-digest"], hasVersion: true },
    provisioned: {
      status: "complete",
      output: {
        saga: "provision-tenant",
        runs: 1,
        trail: ["create database", "key read", "key write"],
        result: {
          slug: "acme",
          plan: "free",
          database: { id: "db-acme", region: "weur" },
          keys: ["read:db-acme", "write:db-acme"],
        },
      },
    },
    invalid: {
      status: "errored",
      error: {
        name: "Error",
        message: 'InvalidInput: × Invalid format: Expected /^[a-z-]+$/ but received "ACME!"\n  → at slug',
      },
    },
    digest: {
      status: "complete",
      output: {
        saga: "send-digest",
        runs: 1,
        trail: ["send to ada@example.com", "send to bob@example.com"],
        result: { sent: ["ADA@EXAMPLE.COM", "BOB@EXAMPLE.COM"], since: null },
      },
    },
    closed: {
      status: "complete",
      output: {
        file: "acme.zip",
        isBytes: true,
        size: 3,
        removed: [
          { user: "acme-1", admin: true },
          { user: "acme-2", admin: false },
        ],
        settled: "settled",
      },
    },
    failed: { status: "errored", error: { name: "RangeError", message: "The balance is negative" } },
  },
};

async function run(visit: Visit, saga: string, input: object): Promise<Status> {
  const { id } = await visit.post<{ id: string }>(`/${saga}`, input);
  return visit.ended(`/${saga}/${id}`);
}
