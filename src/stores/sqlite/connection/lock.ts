/**
 * One server a data directory. The lock is SQLite's own lock on an empty file beside the database, held for as long as
 * the process lives: the operating system drops it however the process ends, so there is nothing stale to clean up.
 */
import { Failure } from "../../../model/failures/failure.ts";
import { tryHold } from "./database.ts";

/** Takes the database for this process. Fails with `store.locked` while another one has it. Returns what lets it go. */
export function lockDatabase(file: string): () => void {
  const held = tryHold(`${file}.lock`);
  if (held === undefined) {
    throw new Failure("store.locked", {
      detail: `Another stepwell process has ${file} open. Stop it, or use another data directory.`,
    });
  }
  return () => held.close();
}
