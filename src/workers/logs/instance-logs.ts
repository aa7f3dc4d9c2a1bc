/**
 * The messages of instances on their way to where they are kept. They are gathered for a moment, so that who writes a lot
 * costs little, and written outside of everything durable: an instance never waits for what it says. A script speaks for
 * the instances that run on it; what it says of others is left out.
 */
import { LIMITS } from "../../model/limits.ts";
import type { Workflows } from "../../ports/catalog/workflows.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Append, KeptLines, LogLine, LogStore } from "../../ports/logs/instance-logs.ts";
import type { ScriptLine } from "../../ports/script-log.ts";
import type { Store } from "../../ports/store.ts";
import { Outage } from "../../upkeep/outage.ts";

/** How long messages are gathered, in milliseconds. */
const GATHER_MS = 200;

/** Characters that are gathered at the most; what comes on top of it in that time is lost, and counted. */
const GATHERED_TEXT = 8 * 1024 * 1024;

/** Versions of workflows of which it is remembered which script they run on. */
const REMEMBERED = 1_000;

/** What messages are written with. */
export interface InstanceLogsParts {
  readonly store: Pick<Store, "find">;
  readonly catalog: Pick<Workflows, "workflowVersion">;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly log: Log;
}

interface Gathered {
  readonly workflow: string;
  readonly instance: string;
  readonly versionId: string;
  lines: LogLine[];
  lost: number;
}

export class InstanceLogs {
  readonly #parts: InstanceLogsParts;
  #gathered: Map<string, Gathered> = new Map();
  #text = 0;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  readonly #outage: Outage;
  /** By the key of the instance. */
  readonly #followers: Map<number, Set<() => void>> = new Map();
  /** Script versions by workflow versions. */
  readonly #scripts: Map<string, string | undefined> = new Map();

  constructor(parts: InstanceLogsParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    const says = { fails: "Instance logs cannot be stored", works: "Instance logs are stored again" };
    this.#outage = new Outage({ clock, log, ...says, leastMs: 1_000, mostMs: 30_000 });
  }

  /** Takes a message of an instance, and passes over others. */
  write({ origin, version, time, level, kind, text }: ScriptLine): void {
    if (origin === undefined || "request" in origin || version === undefined) return;
    const { workflow, instance, step } = origin;
    const { id: versionId } = version;
    const own = this.#gatheredOf(workflow, instance, versionId);
    if (this.#text + text.length > GATHERED_TEXT) own.lost += 1;
    else {
      own.lines.push({ time, level, kind, text, versionId, ...(step && { step }) });
      this.#text += text.length;
    }
    const { clock } = this.#parts;
    this.#cancel ??= clock.alarm(clock.now() + GATHER_MS, () => void this.flush());
  }

  /** Writes what has been gathered. Never rejects. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const gathered = [...this.#gathered.values()];
    this.#gathered = new Map();
    this.#text = 0;
    if (gathered.length > 0) this.#writing = this.#writing.then(() => this.#write(gathered));
    return this.#writing;
  }

  /** Writes what has been gathered, and no more after that. */
  async close(): Promise<void> {
    await this.flush();
    this.#cancel?.();
  }

  /** The messages of an instance with a number above `after`, those of just now among them. */
  async read(pk: number, after: number): Promise<KeptLines> {
    await this.flush();
    return this.#parts.logs.read(pk, after);
  }

  /** Calls `notice` whenever there may be more messages of an instance. The answer ends that. */
  follow(pk: number, notice: () => void): () => void {
    const followers = this.#followers.get(pk) ?? new Set();
    this.#followers.set(pk, followers.add(notice));
    return () => {
      followers.delete(notice);
      if (followers.size === 0 && this.#followers.get(pk) === followers) this.#followers.delete(pk);
    };
  }

  async #write(gathered: readonly Gathered[]): Promise<void> {
    try {
      const found = await Promise.all(gathered.map((each) => this.#toAppend(each)));
      const appends = found.filter((append) => append !== undefined);
      if (appends.length === 0) return;
      await this.#parts.logs.append(appends);
      this.#outage.over();
      for (const { pk } of appends) for (const notice of this.#followers.get(pk) ?? []) notice();
    } catch (cause) {
      this.#takeBack(gathered, this.#outage.failed(cause));
    }
  }

  /** What could not be written is written with what has come since, as far as there is room for both. */
  #takeBack(gathered: readonly Gathered[], retryMs: number): void {
    for (const { workflow, instance, versionId, lines, lost } of gathered) {
      const own = this.#gatheredOf(workflow, instance, versionId);
      const size = lines.reduce((sum, { text }) => sum + text.length, 0);
      const fits = this.#text + size <= GATHERED_TEXT;
      own.lost += lost + (fits ? 0 : lines.length);
      if (!fits) continue;
      own.lines.unshift(...lines);
      this.#text += size;
    }
    const { clock } = this.#parts;
    this.#cancel?.();
    this.#cancel = clock.alarm(clock.now() + retryMs, () => void this.flush());
  }

  #gatheredOf(workflow: string, instance: string, versionId: string): Gathered {
    const key = JSON.stringify([workflow, instance, versionId]);
    let own = this.#gathered.get(key);
    if (own === undefined) this.#gathered.set(key, (own = { workflow, instance, versionId, lines: [], lost: 0 }));
    return own;
  }

  async #toAppend({ workflow, instance, versionId, lines, lost }: Gathered): Promise<Append | undefined> {
    const found = await this.#parts.store.find(workflow, instance);
    if (found === undefined || (await this.#scriptOf(found.versionId)) !== versionId) return undefined;
    // The oldest would be deleted at once.
    const kept = lines.slice(-LIMITS.logLines);
    return { pk: found.pk, lines: kept, lost: lost + lines.length - kept.length };
  }

  async #scriptOf(workflowVersionId: string): Promise<string | undefined> {
    if (!this.#scripts.has(workflowVersionId)) {
      if (this.#scripts.size >= REMEMBERED) this.#scripts.clear();
      this.#scripts.set(workflowVersionId, (await this.#parts.catalog.workflowVersion(workflowVersionId))?.scriptVersionId);
    }
    return this.#scripts.get(workflowVersionId);
  }
}
