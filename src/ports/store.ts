/**
 * What a server needs of a database for its instances.
 *
 * A store decides nothing. It appends journal rows, keeps one summary row an instance for lists and timers, and counts
 * statuses as it goes. One contract suite (`test/contracts/store.ts`) holds for every implementation.
 */
import type { InstanceIndex } from "./instances/instance-index.ts";
import type { JournalStore } from "./instances/journal-store.ts";
import type { InstanceSearch } from "./instances/search.ts";
import type { InstanceStatistics } from "./instances/statistics.ts";
import type { NoticeStore } from "./notices.ts";

export type Store = JournalStore & InstanceIndex & InstanceSearch & InstanceStatistics & NoticeStore;
