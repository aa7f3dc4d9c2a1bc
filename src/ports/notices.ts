/** Notices of what happens to instances: written with the commit that causes them, and read by what informs subscribers. */
import type { Notice } from "../model/views/notices.ts";

/** Informs subscribers of what happens to instances. */
export interface NoticeTaker {
  /** True when the workflow has subscribers. Called for each new instance and each change of a status. */
  isWatched(workflow: string): boolean;
  /** There are notices in the store that were not there before. */
  committed(): void;
}

/** A notice as it is kept; keys grow, and none is given twice. */
export interface StoredNotice extends Notice {
  readonly pk: number;
}

export interface NoticeStore {
  /** The notices of commits that have not been removed, in order. */
  notices(limit: number): Promise<StoredNotice[]>;
  /** Removes those up to this key. */
  removeNotices(upTo: number): Promise<void>;
}
