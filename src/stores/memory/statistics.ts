/** What the memory store knows of many instances together: what matches a filter, groups of errors, counts by the hour. */
import { isFinal, type FinalStatus } from "../../model/instance/status.ts";
import { HOURLY_KEPT_MS } from "../../model/instance/retention.ts";
import type { ErrorGroup, HourlyCount } from "../../ports/instances/statistics.ts";
import type { FoundInstance, InstanceFilter } from "../../ports/instances/search.ts";

/** True when an instance is all that the filter says. */
export function fits(instance: FoundInstance, filter: InstanceFilter): boolean {
  const { error, createdAt } = instance;
  const { status, versionId, fingerprint, errorText, idPrefix = "" } = filter;
  return (
    instance.workflow === filter.workflow &&
    (status === undefined || instance.status === status) &&
    createdAt >= (filter.createdFrom ?? -Infinity) &&
    createdAt <= (filter.createdTo ?? Infinity) &&
    (versionId === undefined || instance.versionId === versionId) &&
    instance.id.startsWith(idPrefix) &&
    (fingerprint === undefined || error?.fingerprint === fingerprint) &&
    (errorText === undefined || (error !== null && lower(`${error.name}: ${error.message}`).includes(lower(errorText))))
  );
}

/** As SQLite's LIKE compares. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The errors of instances by workflow and fingerprint, the last seen first. */
export function groupErrors(instances: readonly FoundInstance[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const { workflow, error, endedAt, modifiedAt, versionId } of instances) {
    if (error === null) continue;
    const at = endedAt ?? modifiedAt;
    const key = `${workflow} ${error.fingerprint}`;
    const known = groups.get(key) ?? { instances: 0, firstSeen: at, lastSeen: at, firstVersionId: versionId };
    groups.set(key, {
      ...error,
      workflow,
      instances: known.instances + 1,
      firstSeen: Math.min(known.firstSeen, at),
      lastSeen: Math.max(known.lastSeen, at),
      firstVersionId: at < known.firstSeen ? versionId : known.firstVersionId,
    });
  }
  return [...groups.values()].sort((a, b) => b.lastSeen - a.lastSeen);
}

const HOUR_MS = 3_600_000;

type Kind = "created" | FinalStatus;

/** Counts by the hour. Each change hands back what takes it back. */
export class Hours {
  readonly #counts: Map<string, HourlyCount> = new Map();

  created({ workflow, createdAt, ...end }: Pick<FoundInstance, "workflow" | "createdAt" | "status" | "endedAt">): () => void {
    const uncreate = this.#add(workflow, createdAt, "created", 1);
    const unend = this.ended({ workflow, ...end });
    return () => {
      unend();
      uncreate();
    };
  }

  /** Nothing, unless the status is a final one. */
  ended({ workflow, status, endedAt }: Pick<FoundInstance, "workflow" | "status" | "endedAt">): () => void {
    if (endedAt === null || !isFinal(status)) return () => {};
    return this.#add(workflow, endedAt, status, 1);
  }

  since(from: number): HourlyCount[] {
    const isAny = ({ created, complete, errored, terminated }: HourlyCount): boolean =>
      created + complete + errored + terminated > 0;
    // What was taken back has left zeros.
    const counts = [...this.#counts.values()].filter((each) => each.hour + HOUR_MS > from && isAny(each));
    return counts.sort((a, b) => a.hour - b.hour || (a.workflow < b.workflow ? -1 : 1));
  }

  #add(workflow: string, at: number, kind: Kind, difference: 1 | -1): () => void {
    const hour = Math.floor(at / HOUR_MS) * HOUR_MS;
    const key = `${hour} ${workflow}`;
    const before = this.#counts.get(key) ?? { workflow, hour, created: 0, complete: 0, errored: 0, terminated: 0 };
    this.#counts.set(key, { ...before, [kind]: before[kind] + difference });
    for (const [old, each] of this.#counts) if (each.hour < hour - HOURLY_KEPT_MS) this.#counts.delete(old);
    return () => void this.#add(workflow, at, kind, -1);
  }
}
