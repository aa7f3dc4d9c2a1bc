/** The record of who did what. It is kept beside the database, so that what instances commit never waits for it. */
import type { Principal } from "../../model/platform/roles.ts";

/** One thing that was done, or refused. It holds no payloads and no secrets. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Null for an unknown caller: a failed login, a wrong token. */
  readonly who: Principal | null;
  readonly method: string;
  /** Like `workflows.instances.create`. */
  readonly action: string;
  /** What it was done to, like `orders/1234`. */
  readonly target: string;
  /** Of the network; empty for the command line. */
  readonly address: string;
  /** Of HTTP; of what the command line did, 200. */
  readonly status: number;
  /** Of the catalogue, when it was refused. */
  readonly code: number | null;
}

/** An entry with its place in the order. */
export interface StoredAuditEntry extends AuditEntry {
  readonly n: number;
}

/** Which entries. Texts are parts of what they are compared with; times are epoch milliseconds. */
export interface AuditQuery {
  /** Part of a name, or a whole id. */
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  /** From this moment on. */
  readonly from?: number | undefined;
  /** Before this moment. */
  readonly to?: number | undefined;
  /** Only what came before this entry. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface AuditLog {
  /** Adds entries in their order, all or none. Of each action the newest `LIMITS.auditEntries` stay, about. */
  add(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. */
  list(query: AuditQuery): Promise<StoredAuditEntry[]>;
  /** Rejects with a `StoreError` named `gone` when what is written to is not any more where it was opened. Cheap. */
  verify(): Promise<void>;
  close(): Promise<void>;
}
