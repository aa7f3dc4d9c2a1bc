/** Messages of instances that live as long as the process. */
import { LIMITS } from "../../model/limits.ts";
import type { Append, KeptLines, LogStore, StoredLine } from "../../ports/logs/instance-logs.ts";

export class MemoryLogs implements LogStore {
  readonly #exists: (pk: number) => boolean;
  readonly #kept: Map<number, { lines: StoredLine[]; last: number }> = new Map();

  /** `exists` tells whether there is an instance. */
  constructor(exists: (pk: number) => boolean) {
    this.#exists = exists;
  }

  append(appends: readonly Append[]): Promise<void> {
    for (const { pk, lines, lost } of appends) {
      if (!this.#exists(pk)) continue;
      const { lines: before = [], last = 0 } = this.#kept.get(pk) ?? {};
      const all = [...before, ...lines.map((line, i) => ({ ...line, n: last + lost + i + 1 }))].slice(-LIMITS.logLines);
      let text = all.reduce((sum, line) => sum + line.text.length, 0);
      while (text > LIMITS.logText) text -= all.shift()?.text.length ?? 0;
      this.#kept.set(pk, { lines: all, last: last + lost + lines.length });
    }
    return Promise.resolve();
  }

  read(pk: number, after: number): Promise<KeptLines> {
    const { lines = [], last = 0 } = (this.#exists(pk) ? this.#kept.get(pk) : undefined) ?? {};
    return Promise.resolve({ lines: lines.filter(({ n }) => n > after), dropped: last - lines.length });
  }
}
