import type { Probe } from "../probe.ts";

export const ratesDrizzle: Probe = {
  project: "rates-drizzle",
  kind: "cron triggers that start the workflow, Drizzle with its own migrations",
  worker: "rates",
  databases: ["DB"],
  ask: async (visit) => {
    const started = await visit.post<{ id: string }>("/refresh?day=2026-02-03");
    const manual = await visit.ended(`/status?id=${started.id}`);
    const manualRates = await visit.json("/rates");
    if (visit.devTriggers) await visit.ask(`/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}`);
    // Without a handler call by hand, the trigger fires within a minute.
    const rates = await visit.until(
      () => visit.json<{ code: string; source: { kind: string } }[]>("/rates"),
      (found) => found.length === 3 && found.every(({ source }) => source.kind === "cron"),
    );
    return { started, manual, manualRates, cron: rates.map(({ code }) => code), config: await visit.json("/config") };
  },
  expected: {
    started: { id: "refresh-manual-2026-02-03", details: true },
    manual: {
      status: "complete",
      output: {
        total: 3,
        first: [
          { code: "USD", value: 0.853, digits: 2, source: { kind: "manual" }, isFinal: false, isDate: true },
          { code: "JPY", value: 0.743, digits: 0, source: { kind: "manual" }, isFinal: false, isDate: true },
        ],
      },
    },
    manualRates: [
      { code: "GBP", value: 0.713, source: { kind: "manual" } },
      { code: "JPY", value: 0.743, source: { kind: "manual" } },
      { code: "USD", value: 0.853, source: { kind: "manual" } },
    ],
    cron: ["GBP", "JPY", "USD"],
    config: { base: "EUR", fromProcess: "EUR", symbols: '["USD","GBP","JPY"]' },
  },
};
