/** The page of numbers by which the suite says what fails; `interpose.c` has it mapped, in every process that it was put into. */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const FIELDS = [
  "calls",
  "writeError",
  "readError",
  "syncsToFail",
  "syncsLie",
  "killAt",
  "clockOffsetS",
  "failedWrites",
  "failedReads",
  "failedSyncs",
] as const;

export type Field = (typeof FIELDS)[number];

const PAGE_BYTES = 4_096;
const MATCH_AT = 32 * 8;
const MATCH_BYTES = 256;

/** Numbers of errors, as Linux has them. */
export const ERRORS = { EIO: 5, ENOSPC: 28 } as const;

export class Control {
  readonly file: string;
  readonly #fd: number;

  /** Makes the page anew, with nothing that fails; or opens the one that a process was started with. */
  constructor(file: string, isNew = true) {
    this.file = file;
    this.#fd = openSync(file, isNew ? "w+" : "r+");
    if (isNew) writeSync(this.#fd, Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, 0);
  }

  set(field: Field, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.#fd, bytes, 0, 8, FIELDS.indexOf(field) * 8);
  }

  get(field: Field): number {
    const bytes = Buffer.alloc(8);
    readSync(this.#fd, bytes, 0, 8, FIELDS.indexOf(field) * 8);
    return Number(bytes.readBigInt64LE());
  }

  /** Only files fail whose path contains this. It counts for files that are opened from then on. */
  match(text: string): void {
    const bytes = Buffer.alloc(MATCH_BYTES);
    bytes.write(text);
    writeSync(this.#fd, bytes, 0, MATCH_BYTES, MATCH_AT);
  }

  /** Nothing fails any more. */
  clear(): void {
    for (const field of ["writeError", "readError", "syncsToFail", "killAt", "clockOffsetS"] as const) this.set(field, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
