/** Watches files for changes. Editors replace files instead of writing to them, so their folders are watched. */
import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds of quiet after a change before it counts: saving one file often changes it several times. */
const SETTLE_MS = 50;

/** What is watched. */
export interface Watched {
  /** Files, there or not. */
  readonly files: readonly string[];
  /** Folders with all that is in them: those of sources, whose changes are `sources`, and others. */
  readonly sources: readonly string[];
  readonly trees: readonly string[];
}

type Change = "sources" | "files";

export class FolderWatch {
  readonly #changed: (change: Change) => Promise<void>;
  readonly #watchers: Map<string, FSWatcher> = new Map();
  #files: ReadonlySet<string> = new Set();
  #anyFile = false;
  #pending: Change = "files";
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  /** `changed` is called after each change, never twice at the same time. */
  constructor(changed: (change: Change) => Promise<void>) {
    this.#changed = changed;
  }

  /** Watches these, and nothing else. */
  follow({ files, sources, trees }: Watched): void {
    this.#files = new Set(files);
    this.#anyFile = false;
    const wanted = new Map<string, () => FSWatcher>([
      ...[...new Set(files.map((file) => dirname(file)))].map((folder) => [folder, () => this.#folder(folder)] as const),
      ...sources.map((tree) => [`sources ${tree}`, () => this.#tree(tree, "sources")] as const),
      ...trees.map((tree) => [`tree ${tree}`, () => this.#tree(tree, "files")] as const),
    ]);
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      watcher.close();
      this.#watchers.delete(key);
    }
    for (const [key, open] of wanted) if (!this.#watchers.has(key)) this.#watch(key, open);
  }

  /** Until the next `follow`, any file in these folders counts: the one that was missing may be made. */
  followAny(): void {
    this.#anyFile = true;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(key: string, open: () => FSWatcher): void {
    try {
      const watcher = open();
      watcher.on("error", () => watcher.close());
      this.#watchers.set(key, watcher);
    } catch {
      // A folder that has gone since the bundle was made; the next bundle names another.
    }
  }

  #folder(folder: string): FSWatcher {
    const counts = (name: string): boolean =>
      this.#anyFile || [...this.#files].some((file) => dirname(file) === folder && basename(file) === name);
    return watch(folder, (_, name) => {
      if (name === null || counts(name)) this.#notice("files");
    });
  }

  #tree(tree: string, change: Change): FSWatcher {
    return watch(tree, { recursive: true }, () => this.#notice(change));
  }

  #notice(change: Change): void {
    if (change === "sources") this.#pending = change;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const pending = this.#pending;
      this.#pending = "files";
      this.#working = this.#working.then(() => this.#changed(pending));
    }, SETTLE_MS);
  }
}
