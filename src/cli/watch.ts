/** Notices changes of files. Editors replace files instead of writing to them, so it is their folders that are watched. */
import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds of quiet after a change before it counts: saving one file often changes it several times. */
const SETTLE_MS = 50;

export class FolderWatch {
  readonly #changed: () => Promise<void>;
  readonly #watchers: Map<string, FSWatcher> = new Map();
  #files: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  /** `changed` is called after each change, never twice at the same time. */
  constructor(changed: () => Promise<void>) {
    this.#changed = changed;
  }

  /** Watches these files, there or not, and no others. */
  follow(files: readonly string[]): void {
    this.#files = new Set(files);
    const folders = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    const names = (name: string | null): boolean =>
      name === null || [...this.#files].some((file) => dirname(file) === folder && basename(file) === name);
    try {
      const watcher = watch(folder, (_, name) => {
        if (names(name)) this.#notice();
      });
      watcher.on("error", () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // A folder that has gone since the bundle was made; the next bundle names another.
    }
  }

  #notice(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#working = this.#working.then(this.#changed);
    }, SETTLE_MS);
  }
}
