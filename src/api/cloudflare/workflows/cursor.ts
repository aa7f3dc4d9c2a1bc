/** Cursors of instance lists: opaque to clients, a position in the order of creation to us. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import type { Position } from "../../../ports/instances/search.ts";

const position = z.tuple([z.int(), z.int()]);

/** A cursor that goes on after an instance. */
export function writeCursor({ createdAt, pk }: Position): string {
  return Buffer.from(JSON.stringify([createdAt, pk])).toString("base64url");
}

/** Where a cursor points. Fails with `body` for text that is no cursor of ours. */
export function readCursor(cursor: string): Position {
  try {
    const [createdAt, pk] = position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { createdAt, pk };
  } catch (cause) {
    throw new Failure("body", { field: "cursor", detail: "Not a valid cursor; use the cursor of the previous page", cause });
  }
}
