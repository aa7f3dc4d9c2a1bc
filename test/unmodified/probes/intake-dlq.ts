import type { Probe } from "../probe.ts";

export const intakeDlq: Probe = {
  project: "intake-dlq",
  kind: "four workflows that start and tell one another, three queues, one of them for dead letters",
  worker: "intake",
  // wrangler makes the queues that a Worker sends to, and asks for the others.
  made: [["queues", "create", "intake-documents-dlq"]],
  ask: async (visit) => {
    const ids = await visit.post("/documents", [
      { key: "a", text: "an invoice of last year" },
      { key: "b", text: "dear sir" },
      { key: "c", text: "poison", poison: true },
    ]);
    const known = ["doc:a", "doc:b", "notified:filed:a", "notified:filed:b", "notified:quarantined:c", "quarantine:c"];
    await visit.untilIs("/keys", known);
    const decided = await visit.ask("/quarantine/c/drop", { method: "POST" });
    return {
      ids,
      a: await visit.ended("/intake/a"),
      b: await visit.ended("/intake/b"),
      c: await visit.ended("/quarantine/c"),
      decided: decided.status,
      stored: await visit.json("/documents/a"),
    };
  },
  expected: {
    ids: ["24fc5628-5420-5a63-a585-2e50b0e5ffff", "a466bb7a-a766-5d96-bcb4-b2e79d91c744", "146831f3-6ef8-5550-8479-75978d58c52f"],
    a: { status: "complete", output: { label: "invoice", words: 5, type: "classified" } },
    b: { status: "complete", output: { label: "letter", words: 2, type: "classified" } },
    c: { status: "complete", output: { key: "c", attempts: 1, decision: "drop" } },
    decided: 204,
    stored: { value: { label: "invoice", words: 5 }, metadata: { label: "invoice" } },
  },
};
