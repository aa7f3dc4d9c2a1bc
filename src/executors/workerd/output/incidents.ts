/**
 * Why requests of user code failed. workerd gives user code no more than a reference, and writes the reason beside it into its
 * log. What is in this file is workerd's own wording, which is the only source; nothing else reads it.
 */

/** Why a request failed. `other` is reported in workerd's words. */
export interface Incident {
  readonly kind: "unresolved" | "forbidden" | "other";
  /** In workerd's words. */
  readonly detail: string;
}

const REFERENCE = /^internal error; reference = (\w+)$/;

/** The reference that is all an error says. */
export function referenceIn(message: string): string | undefined {
  return REFERENCE.exec(message)?.[1];
}

const REASON = /^workerd\/\S+: error: (?:[^;]*; )?e = \S+: failed: (.*)$/;

/** The first line that workerd writes of a failure. */
export function incidentIn(line: string): Incident | undefined {
  const detail = REASON.exec(line)?.[1];
  if (detail === undefined) return undefined;
  if (detail.startsWith("failed to lookup address information")) return { kind: "unresolved", detail };
  return { kind: /^connecting to .* is not allowed$/.test(detail) ? "forbidden" : "other", detail };
}

const STACK = /^stack: (?:.*; wdErrId = (\w+)$)?/;

/** The line behind it; `reference` is absent when user code is given none. Undefined for any other line. */
export function stackIn(line: string): { readonly reference: string | undefined } | undefined {
  const found = STACK.exec(line);
  return found === null ? undefined : { reference: found[1] };
}

/** The message for user code, instead of the reference alone. It contains the requested name, not the address behind it. */
export function explanation({ kind, detail }: Incident, host: string, reference: string): string {
  const why = {
    unresolved: `The host name ${host} could not be resolved: ${detail}`,
    forbidden: `Connecting to ${host} is not allowed: the server's --allow-network says what Workers may reach`,
    other: detail,
  }[kind];
  return `${why} (internal error; reference = ${reference})`;
}
