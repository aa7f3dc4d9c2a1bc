/** Whoever tells subscribers what happens to instances. */
export interface NoticeTaker {
  /** Whether anybody wants to know of the instances of a workflow. Asked for each new instance and each change of a status. */
  isWatched(workflow: string): boolean;
  /** There are notices in the store that were not there before. */
  committed(): void;
}

/** Nobody subscribes. */
export const noNotices: NoticeTaker = { isWatched: () => false, committed: () => {} };
