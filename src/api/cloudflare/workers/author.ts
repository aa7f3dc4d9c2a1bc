/** Who made a version or a deployment. It is kept among its annotations, under a key that no client sets or sees. */
import type { Principal } from "../../../model/platform/roles.ts";
import type { Annotations } from "../../../ports/catalog/script-versions.ts";

const KEY = "stepwell/author";

/** Of what was made before it was kept, or by no request. */
const UNKNOWN = "owner@stepwell.local";

/** The name of a user or of a token, as an address: that is what wrangler shows. */
export function emailOf({ name }: Principal): string {
  return `${name.replaceAll(/[^\w.+-]+/g, "-")}@stepwell.local`;
}

/** The annotations of what `asker` makes. */
export function signed(annotations: Annotations, asker: Principal): Annotations {
  return { ...annotations, [KEY]: emailOf(asker) };
}

/** Who made it. */
export function authorOf(annotations: Annotations = {}): string {
  return annotations[KEY] ?? UNKNOWN;
}

/** The annotations as their client gave them. */
export function unsigned(annotations: Annotations = {}): Annotations {
  const { [KEY]: _author, ...own } = annotations;
  return own;
}
