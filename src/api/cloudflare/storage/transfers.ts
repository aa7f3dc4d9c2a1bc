/**
 * Files on their way between wrangler and a database. They are sent and fetched without a token, at addresses that are
 * secrets by themselves. What is not fetched in time is dropped, and so is the oldest when there is too much.
 */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Ids } from "../../../ports/ids.ts";
import { auditOf } from "../../endpoint/request-audit.ts";
import { RequestBody, type BodyRoom } from "../../endpoint/body.ts";
import { failureResponse } from "../../endpoint/envelope.ts";

interface Transfer {
  /** Absent until it has been sent. */
  readonly bytes?: Uint8Array;
  /** Epoch milliseconds. */
  readonly until: number;
}

export class Transfers {
  readonly #clock: Clock;
  readonly #ids: Pick<Ids, "uuid">;
  readonly #transfers: Map<string, Transfer> = new Map();

  constructor(clock: Clock, ids: Pick<Ids, "uuid">) {
    this.#clock = clock;
    this.#ids = ids;
  }

  /** An id for a file that is to be sent, or with its bytes for one that is to be fetched. */
  open(bytes?: Uint8Array): string {
    const id = this.#ids.uuid();
    this.#set(id, bytes);
    return id;
  }

  /** True while a file of this id is to be sent. */
  expects(id: string): boolean {
    this.#sweep();
    const waiting = this.#transfers.get(id);
    return waiting !== undefined && waiting.bytes === undefined;
  }

  /** Stores a file; returns its MD5. Undefined when the file is not expected. */
  put(id: string, bytes: Uint8Array): string | undefined {
    if (!this.expects(id)) return undefined;
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
export function transferRoutes(transfers: Transfers, bodies: BodyRoom): Hono {
  const app = new Hono();
  app.put("/:id", async (c) => {
    auditOf(c).action = "transfers.set";
    const id = c.req.param("id");
    // Its id is all the identity that a client has here, so that it is looked at before the file is read.
    if (!transfers.expects(id)) return c.notFound();
    const body = new RequestBody(c.req.raw, LIMITS.objectBodyBytes, bodies);
    try {
      const etag = transfers.put(id, await body.bytes());
      return etag === undefined ? c.notFound() : c.body(null, 200, { etag: `"${etag}"` });
    } catch (cause) {
      if (cause instanceof Failure) return failureResponse(cause);
      throw cause;
    } finally {
      body.close();
    }
  });
  app.get("/:id", (c) => {
    const bytes = transfers.take(c.req.param("id"));
    if (bytes === undefined) return c.notFound();
    return c.body(new Uint8Array(bytes).buffer, 200, { "content-type": "application/sql" });
  });
  return app;
}
