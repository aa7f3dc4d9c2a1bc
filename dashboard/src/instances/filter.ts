/** The filter of a list of instances: as URL parameters, as a query, and in words. */
import type { InstanceStatus } from "../api/types.ts";
import { STATUSES } from "../ui/status.tsx";

export interface InstanceFilter {
  readonly status?: InstanceStatus | undefined;
  /** What the id begins with. */
  readonly id?: string | undefined;
  /** A text in the error. */
  readonly error?: string | undefined;
  /** The fingerprint of the error. */
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  /** Bounds on when it was created. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const text = (value: unknown): string | undefined => {
  // What looks like a number in an address, or like true, is one by now.
  const given = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  return typeof given === "string" && given !== "" ? given : undefined;
};

/** What an address asks for; what makes no sense is left out. */
export function readFilter({ status, id, error, group, version, from, to }: Record<string, unknown>): InstanceFilter {
  return {
    status: typeof status === "string" && status in STATUSES ? (status as InstanceStatus) : undefined,
    id: text(id),
    error: text(error),
    group: text(group),
    version: text(version),
    from: text(from),
    to: text(to),
  };
}

/** As the server is asked. */
export function toQuery({ status, id, error, group, version, from, to }: InstanceFilter) {
  return {
    ...(status !== undefined && { status }),
    ...(id !== undefined && { id_prefix: id }),
    ...(error !== undefined && { error }),
    ...(group !== undefined && { error_group: group }),
    ...(version !== undefined && { version_id: version }),
    ...(from !== undefined && { date_start: from }),
    ...(to !== undefined && { date_end: to }),
  };
}

/** The parts of a filter that are named one by one, with what is said of each. */
export const PARTS = {
  id: "Id starts with",
  error: "Error contains",
  version: "Version",
  from: "Created from",
  to: "Created until",
  group: "Error",
} as const;

export type Part = keyof typeof PARTS;

/** What is asked for, in a few words. */
export function inWords(filter: InstanceFilter): string {
  const parts = Object.entries(PARTS).flatMap(([part, label]) => {
    const value = filter[part as Part];
    return value === undefined ? [] : [`${label.toLowerCase()} ${valueText(part as Part, value)}`];
  });
  return [...(filter.status === undefined ? [] : [STATUSES[filter.status].word.toLowerCase()]), ...parts].join(", ");
}

/** The value of a part, as it is shown. */
export function valueText(part: Part, value: string): string {
  if (part === "from" || part === "to") return new Date(value).toLocaleString();
  // The beginning of a UUID or of a fingerprint is enough.
  return part === "group" || (part === "version" && value.length === 36) ? value.slice(0, 8) : value;
}
