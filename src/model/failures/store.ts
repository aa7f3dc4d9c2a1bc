/** Entries of the failure catalogue: the data directory, when it cannot be opened or no longer be written to. */
import type { FailureTable } from "./kind.ts";

/** Why an open store fails. The last two are permanent. */
const STORE_FAULTS = ["full", "read_only", "io", "damaged", "failed", "fenced", "gone"] as const;

export type StoreFault = (typeof STORE_FAULTS)[number];

/** True for failures of an open store: the request is not at fault and may be repeated. */
export function isStoreFault(failure: string): failure is `store.${StoreFault}` {
  return STORE_FAULTS.some((fault) => failure === `store.${fault}`);
}

const RECOVERS = "The server resumes by itself as soon as it can write again. Repeat the request then.";

/** As `FailureKind`, by name. */
export const STORE_FAILURES = {
  "store.newer": { code: 10920, status: 503, sentence: "The database was written by a newer stepwell" },
  "store.foreign": {
    code: 10921,
    status: 503,
    sentence: "The file is not a stepwell database",
    hint: "Use another data directory, or put back a copy of the data if this was one.",
  },
  "store.locked": { code: 10922, status: 503, sentence: "Another stepwell process has the data directory open" },
  "store.unwritable": {
    code: 10923,
    status: 503,
    sentence: "The data directory cannot be written to",
    hint: "Check its owner, its permissions and the free disk space.",
  },
  "store.full": {
    code: 10924,
    status: 503,
    sentence: "The disk of the data directory is full",
    hint: `Free some space. ${RECOVERS}`,
  },
  "store.read_only": {
    code: 10925,
    status: 503,
    sentence: "The data directory has become read-only",
    hint: `Check the mount and the permissions. ${RECOVERS}`,
  },
  "store.io": {
    code: 10926,
    status: 503,
    sentence: "The disk of the data directory reports errors",
    hint: `Check the disk and the system's log. ${RECOVERS}`,
  },
  "store.damaged": {
    code: 10957,
    status: 503,
    sentence: "A database of the data directory is damaged, or the disk cannot be read",
    hint: "Check the system's log; `stepwell check` names what is damaged. Stop the server, and put back a copy of the data.",
  },
  "store.failed": {
    code: 10927,
    status: 503,
    sentence: "The database cannot be written to",
    hint: `The server's log has the cause. ${RECOVERS}`,
  },
  "store.fenced": {
    code: 10928,
    status: 503,
    sentence: "Another process has taken over the data directory, and this one has stopped",
    hint: "Send requests to the other process, or stop it and start this one again.",
  },
  "store.gone": {
    code: 10929,
    status: 503,
    sentence: "The data directory was deleted or replaced while the server had it open, and the server has stopped",
    hint: "Put the data directory back, then start the server again.",
  },
} as const satisfies FailureTable;
