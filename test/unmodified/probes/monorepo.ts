import type { Probe } from "../probe.ts";

export const monorepo: Probe = {
  project: "monorepo",
  kind: "a monorepo of two Workers and two packages, with tsconfig paths, a service and a workflow of the other Worker",
  worker: "acme-api",
  configs: ["apps/api/wrangler.jsonc", "apps/jobs/wrangler.jsonc"],
  databases: ["acme"],
  ask: async (visit) => ({
    monthly: await visit.post("/v1/statements/ada/monthly"),
    monthlyEnd: await visit.ended("/v1/statements/ada/monthly"),
    final: await visit.post("/v1/statements/bob/final"),
    finalEnd: await visit.ended("/v1/statements/bob/final"),
    ada: (await visit.ask("/v1/statements/ada")).text,
    unknown: (await visit.ask("/v1/statements/unknown")).status,
  }),
  expected: {
    monthly: { by: "service", id: "monthly-ada" },
    monthlyEnd: {
      status: "complete",
      output: {
        text: "€12.50 opening; balance\n-€3.00 -\n€9.50\n-- monthly statement, acme",
        rows: 1,
        workflow: "acme-statement",
      },
    },
    final: { by: "workflow", id: "final-bob" },
    finalEnd: {
      status: "complete",
      output: { text: "€0.05 it's his\n€0.05\n-- final statement, acme", rows: 1, workflow: "acme-statement" },
    },
    ada: "€12.50 opening; balance\n-€3.00 -\n€9.50\n-- monthly statement, acme",
    unknown: 404,
  },
};
