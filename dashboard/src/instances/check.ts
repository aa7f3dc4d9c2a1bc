/** Checks input before it is sent. The server's rules are authoritative; these repeat them. Pure. */

/** Characters of an id, bytes of params, instances of a batch. */
const LONGEST_ID = 100;
const MOST_BYTES = 1024 * 1024;
export const MOST_AT_ONCE = 100;

const ID = /^\w[\w-]*$/;

/** Ids that are words of the API's addresses, and the form that Cloudflare keeps for itself. */
const KEPT = /^(?:batch|terminate|terminateAll|cf_[0-9a-f]{64})$/;

/** Why there can be no instance of this id; undefined when there can. None at all is fine. */
export function idProblem(id: string): string | undefined {
  if (id === "") return undefined;
  if (id.length > LONGEST_ID) return `An id may have at most ${LONGEST_ID} characters; this one has ${id.length}.`;
  if (!ID.test(id)) return "An id may contain only letters, digits, _ and -, and must not start with -.";
  return KEPT.test(id) ? `“${id}” is a reserved id.` : undefined;
}

/** Why these cannot be params; undefined when they can. */
export function paramsProblem(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MOST_BYTES) return undefined;
  return `Params may have at most ${MOST_BYTES.toLocaleString()} bytes; these have ${bytes.toLocaleString()}.`;
}

/** An instance to be made. */
export interface Wanted {
  readonly instance_id?: string;
  readonly params: unknown;
}

/** So many instances of the same params, or one for each of a list of params. Ids are numbered where there are several. */
export function batchOf(params: unknown, id: string, count: number, isList: boolean): readonly Wanted[] {
  const all = isList && Array.isArray(params) ? (params as unknown[]) : Array.from({ length: count }, () => params);
  return all.map((each, i) => {
    if (id === "") return { params: each };
    return { params: each, instance_id: all.length === 1 ? id : `${id}-${i + 1}` };
  });
}
