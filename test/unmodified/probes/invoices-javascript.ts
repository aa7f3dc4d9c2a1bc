import type { Probe } from "../probe.ts";

export const invoicesJavascript: Probe = {
  project: "invoices-javascript",
  kind: "JavaScript alone: CommonJS, an old script, Node's modules, .env",
  worker: "invoices",
  secrets: ".env",
  ask: async (visit) => {
    const lines = [
      { customer: "acme", cents: 12_000 },
      { customer: "acme", cents: 500 },
      { customer: "initech", cents: 1 },
    ];
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const started = await visit.post("/invoices", { number: "No 1", lines });
    const refusedOne = await visit.post("/invoices", { number: "No 2", lines });
    // Cloudflare's simulator says that it runs, and what its steps have returned.
    const waits = async (id: string): Promise<unknown> =>
      visit.until(
        () => visit.json<{ status: string; __LOCAL_DEV_STEP_OUTPUTS?: unknown[] }>(`/invoices/${id}`),
        ({ status, __LOCAL_DEV_STEP_OUTPUTS: added }) => status === "waiting" || added?.length === 1,
      );
    await waits("no-1");
    await waits("no-2");
    const thanks = await visit.ask("/approve/No%201", { method: "POST", headers: form, body: "ok=yes&by=Ada+L" });
    await visit.ask("/approve/No%202", { method: "POST", headers: form, body: "ok=no&by=Bob" });
    const approved = await visit.ended("/invoices/no-1");
    const refused = await visit.ended("/invoices/no-2");
    const stored = await visit.ask("/stored/No%201");
    return { started, refusedOne, thanks: thanks.text, approved, refused, stored: stored.text };
  },
  expected: {
    started: { id: "no-1", limit: "100", encoded: "Tm8gMQ" },
    refusedOne: { id: "no-2", limit: "100", encoded: "Tm8gMg" },
    thanks: "thanks",
    approved: {
      status: "complete",
      output: {
        total: "125.01 EUR",
        approvedBy: "Ada L",
        signature: "cc05987c347f",
        customers: { acme: 2, initech: 1 },
        attempts: 3,
      },
    },
    refused: { status: "errored", error: { name: "Error", message: "Refused: The invoice was refused" } },
    stored: '{"total":12501,"signature":"cc05987c347f"}',
  },
};
