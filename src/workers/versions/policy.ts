/** What a server lets in although it cannot give it all that it asks for. */

export interface DeployPolicy {
  /** True when bindings of kinds that stepwell does not have refuse a deployment, instead of throwing when they are used. */
  readonly isStrict: boolean;
  /** Whose KV namespaces, D1 databases and R2 buckets are made, under the given id, when they are not there. */
  readonly adopts: Adoption;
}

/** `first`: of a script that had nothing but secrets before, since it brings the ids that it had elsewhere. */
export type Adoption = (typeof ADOPTIONS)[number];

/** What `--adopt-ids` takes. */
export const ADOPTIONS = ["first", "always", "never"] as const;

/** Unless it is said otherwise. */
export const DEFAULT_POLICY: DeployPolicy = { isStrict: false, adopts: "first" };
