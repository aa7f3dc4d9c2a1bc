/** What a script may know of its own version. */
import { z } from "zod";
import type { Kind } from "../kind.ts";

/** In Cloudflare's words. */
interface VersionMetadata {
  readonly id: string;
  readonly tag: string;
  /** ISO 8601. */
  readonly timestamp: string;
}

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    version_metadata: { readonly metadata: VersionMetadata };
  }
}

/** The publisher replaces it when it makes the version. */
const NO_VERSION_YET: VersionMetadata = { id: "", tag: "", timestamp: "" };

export const version: Kind<"version_metadata"> = {
  upload: () => z.object({}).transform(() => ({ metadata: NO_VERSION_YET })),
  show: () => ({}),
  describe: () => ({ what: "Worker Version Metadata" }),
  configured: ({ version_metadata: wanted }) =>
    wanted === undefined ? [] : [{ name: wanted.binding, metadata: NO_VERSION_YET }],
  provide: ({ metadata: value }) => ({ is: "value", value }),
};
