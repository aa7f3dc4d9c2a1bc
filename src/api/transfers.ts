/**
 * Files on their way between wrangler and a database. They are sent and fetched without a token, at addresses that are
 * secrets by themselves. What is not fetched in time is dropped, and so is the oldest when there is too much.
 */
import { createHash, randomUUID } from "node:crypto";
import { Hono } from "hono";
import { LIMITS } from "../model/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { notesOn } from "./asked.ts";

interface Transfer {
  /** Absent until it has been sent. */
  readonly bytes?: Uint8Array;
  /** Epoch milliseconds. */
  readonly until: number;
}

export class Transfers {
  readonly #clock: Clock;
  readonly #transfers: Map<string, Transfer> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An id for a file that is to be sent, or with its bytes for one that is to be fetched. */
  open(bytes?: Uint8Array): string {
    const id = randomUUID();
    this.#set(id, bytes);
    return id;
  }

  /** Takes a file in; answers its MD5. Undefined when nobody waits for it. */
  put(id: string, bytes: Uint8Array): string | undefined {
    this.#sweep();
    const waiting = this.#transfers.get(id);
    if (waiting === undefined || waiting.bytes !== undefined) return undefined;
    this.#set(id, bytes);
    return createHash("md5").update(bytes).digest("hex");
  }

  /** Hands a file out, once. */
  take(id: string): Uint8Array | undefined {
    this.#sweep();
    const bytes = this.#transfers.get(id)?.bytes;
    if (bytes !== undefined) this.#transfers.delete(id);
    return bytes;
  }

  #set(id: string, bytes: Uint8Array | undefined): void {
    this.#transfers.delete(id);
    this.#transfers.set(id, { until: this.#clock.now() + LIMITS.transferMs, ...(bytes && { bytes }) });
    this.#sweep();
  }

  #sweep(): void {
    let bytes = 0;
    for (const [id, each] of [...this.#transfers].toReversed()) {
      bytes += each.bytes?.length ?? 0;
      const isKept = this.#transfers.size <= LIMITS.transfers && bytes <= LIMITS.transferBytes;
      if (!isKept || each.until <= this.#clock.now()) this.#transfers.delete(id);
    }
  }
}

/** The addresses, by id. */
export function transferRoutes(transfers: Transfers): Hono {
  const app = new Hono();
  app.put("/:id", async (c) => {
    notesOn(c).action = "transfers.set";
    const etag = transfers.put(c.req.param("id"), new Uint8Array(await c.req.arrayBuffer()));
    return etag === undefined ? c.notFound() : c.body(null, 200, { etag: `"${etag}"` });
  });
  app.get("/:id", (c) => {
    const bytes = transfers.take(c.req.param("id"));
    if (bytes === undefined) return c.notFound();
    return c.body(new Uint8Array(bytes).buffer, 200, { "content-type": "application/sql" });
  });
  return app;
}
