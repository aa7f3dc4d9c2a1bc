/** What takes the notices of an engine without subscriptions. */
import type { NoticeTaker } from "../ports/notices.ts";

/** Watches no workflow, so that no notice is ever written. */
export const noNotices: NoticeTaker = { isWatched: () => false, committed: () => {} };
