/** Errors as they are recorded and shown. */

/** An error as the outside sees it. Stacks and causes do not survive a step. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
}
