/** What the catalogue of failures says of one. */
export interface FailureKind {
  /** The `code` of the REST envelope. */
  readonly code: number;
  /** HTTP status. */
  readonly status: number;
  /** What happened, for people and for the binding's text. */
  readonly sentence: string;
  /**
   * The REST message, where it is not `workflows.api.error.<name>`: these belong to the platform, not to Workflows. `detail`
   * stands for what exactly is wrong, in which clients look for positions in the code, or have no other place to show it.
   */
  readonly message?: string;
  /** What to do next, where the sentence does not say it already. */
  readonly hint?: string;
}

/** Failures by name. */
export type FailureTable = Readonly<Record<string, FailureKind>>;
