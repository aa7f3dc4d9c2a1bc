/**
 * Watches files for changes, by looking at them: whether a file is another one than before. News of the file system make the next look come
 * at once; where there are none (network mounts, too many watches) or one is lost, it comes within a second or so.
 */
import { watch, type FSWatcher } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds of quiet after a change before it counts: saving one file often changes it several times. */
const SETTLE_MS = 50;

/** Pauses after which a change counts all the same: a log among the sources may never be quiet. */
const SETTLE_MOST = 20;

/** Milliseconds between two looks: without news, and after news. A tree that takes long to look at is looked at less often. */
const PACE_MS = 1_000;
const NEWS_MS = 10;
const [REST_FACTOR, NEWS_FACTOR] = [20, 2];

/** Milliseconds by which the time of a file may be behind the clock. */
const GRAIN_MS = 20;

/** Folders among sources that no build works from: what is installed, and what tools keep for themselves. */
const isPassedOver = (name: string): boolean => name === "node_modules" || name.startsWith(".");

/** What is watched. */
export interface Watched {
  /** Files, there or not. */
  readonly files: readonly string[];
  /** Folders with all that is in them: those of sources, whose changes are `sources`, and others. */
  readonly sources: readonly string[];
  readonly trees: readonly string[];
}

type Change = "sources" | "files";

/** What a look found: of each path, the state of its file. Where it is among sources, its change is one of those. */
type Look = Map<string, { readonly state: string; readonly changedAt: number; readonly change: Change }>;

export class FileWatch {
  readonly #changed: (change: Change) => Promise<void>;
  readonly #watchers: Map<string, FSWatcher> = new Map();
  readonly #closed: AbortController = new AbortController();
  #watched: Watched = { files: [], sources: [], trees: [] };
  #anyFile = false;
  #seen: Look = new Map();
  #news: PromiseWithResolvers<void> = Promise.withResolvers();
  #isRunning = false;

  /** `changed` is called after each change, never twice at the same time. It must not reject. */
  constructor(changed: (change: Change) => Promise<void>) {
    this.#changed = changed;
  }

  /** Watches these, and nothing else. What has changed `since` — the time before they were read — is a change already. */
  async follow(watched: Watched, since: number): Promise<void> {
    this.#watched = watched;
    this.#anyFile = false;
    await this.#adopt(since);
  }

  /** Until the next `follow`, any file in these folders counts: the one that was missing may be made. */
  async followAny(since: number): Promise<void> {
    this.#anyFile = true;
    await this.#adopt(since);
  }

  close(): void {
    this.#closed.abort();
    this.#news.resolve();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Files that were watched before are compared with what they were then, whatever has happened meanwhile. */
  async #adopt(since: number): Promise<void> {
    const found = await this.#look();
    for (const [path, file] of found) {
      const before = this.#seen.get(path);
      found.set(path, before ?? (file.changedAt < since - GRAIN_MS ? file : { ...file, state: "changed while it was read" }));
    }
    this.#seen = found;
    this.#listen();
    this.#news.resolve();
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const began = performance.now();
      const change = await this.#difference();
      if (change !== undefined) await this.#changed(change);
      else await this.#rest(performance.now() - began);
    }
  }

  /** Until there is news, or long enough. `took`: milliseconds of the look before. */
  async #rest(took: number): Promise<void> {
    const over = new AbortController();
    const pause = wait(Math.max(PACE_MS, REST_FACTOR * took), undefined, { signal: over.signal, ref: false });
    await Promise.race([this.#news.promise, pause.catch(() => {})]);
    over.abort();
    this.#news = Promise.withResolvers();
    await wait(Math.max(NEWS_MS, NEWS_FACTOR * took), undefined, { ref: false });
  }

  /** What has changed since the last look, once it stays as it is, or has changed for long. */
  async #difference(): Promise<Change | undefined> {
    let found = await this.#look();
    if (difference(this.#seen, found) === undefined) return undefined;
    for (let pauses = 0; pauses < SETTLE_MOST; pauses += 1) {
      await wait(SETTLE_MS, undefined, { ref: false });
      const again = await this.#look();
      const isQuiet = difference(found, again) === undefined;
      found = again;
      if (isQuiet || this.#closed.signal.aborted) break;
    }
    const change = difference(this.#seen, found);
    this.#seen = found;
    this.#listen();
    return this.#closed.signal.aborted ? undefined : change;
  }

  async #look(): Promise<Look> {
    const { files, sources, trees } = this.#watched;
    const look: Look = new Map();
    const folders = this.#anyFile ? new Set(files.map((file) => dirname(file))) : [];
    const none = (): boolean => false;
    const all = (): boolean => true;
    for (const [paths, change] of [
      [new Set([...files, ...(await filesIn([...folders], none)), ...(await filesIn(trees, all))]), "files"],
      [new Set(await filesIn(sources, (name) => !isPassedOver(name))), "sources"],
    ] as const)
      for (const [path, file] of await Promise.all([...paths].map(async (path) => [path, await stateOf(path)] as const)))
        look.set(path, { ...file, change });
    return look;
  }

  /** Hears the news of the folders of all that was seen. Editors replace files instead of writing to them: hence not of the files. */
  #listen(): void {
    const { sources, trees } = this.#watched;
    const wanted = new Set([...sources, ...trees, ...[...this.#seen.keys()].map((path) => dirname(path))]);
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#hear(folder);
  }

  /** Without news, looks are enough. */
  #hear(folder: string): void {
    if (this.#closed.signal.aborted) return;
    try {
      const watcher = watch(folder, () => this.#news.resolve());
      watcher.on("error", () => {
        watcher.close();
        if (this.#watchers.get(folder) === watcher) this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      // A folder that has gone, or one too many.
    }
  }
}

function difference(before: Look, after: Look): Change | undefined {
  const changed = [...after].filter(([path, { state }]) => before.get(path)?.state !== state).map(([, { change }]) => change);
  const gone = [...before].filter(([path]) => !after.has(path)).map(([, { change }]) => change);
  const all = [...changed, ...gone];
  return all.includes("sources") ? "sources" : all[0];
}

async function stateOf(path: string): Promise<{ readonly state: string; readonly changedAt: number }> {
  try {
    const { mtimeMs, ctimeMs, size, ino } = await stat(path);
    return { state: `${mtimeMs} ${size} ${ino}`, changedAt: ctimeMs };
  } catch {
    return { state: "absent", changedAt: 0 };
  }
}

/** The files in these folders, and in those of the folders in them whose name is accepted. */
async function filesIn(folders: readonly string[], accepts: (name: string) => boolean): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const [within, files] = [true, false].map((wanted) => entries.filter((entry) => entry.isDirectory() === wanted));
      const path = ({ name }: { readonly name: string }): string => join(folder, name);
      const below = (within ?? []).filter(({ name }) => accepts(name)).map(path);
      return [...(files ?? []).map(path), ...(await filesIn(below, accepts))];
    }),
  );
  return found.flat();
}
