/** Every row there is, in the order in which they are measured: stepwell's own, then those of its peers. */
import { miniflarePeer } from "./peers/miniflare.ts";
import { workerdPeer } from "./peers/workerd.ts";
import type { Benchmark } from "./row.ts";
import { history } from "./rows/history.ts";
import { instancePage } from "./rows/instance-page.ts";
import { kill } from "./rows/kill.ts";
import { lists } from "./rows/lists.ts";
import { rest } from "./rows/rest.ts";
import { rollback } from "./rows/rollback.ts";
import { sleepers } from "./rows/sleepers.ts";
import { streams } from "./rows/streams.ts";
import { subscribers } from "./rows/subscribers.ts";
import { throughput } from "./rows/throughput.ts";
import { warm } from "./rows/warm.ts";
import { workerd } from "./rows/workerd.ts";

export const BENCHMARKS: readonly Benchmark[] = [
  ...throughput,
  ...warm,
  ...rest,
  ...history,
  ...lists,
  ...kill,
  ...workerd,
  ...rollback,
  ...sleepers,
  ...streams,
  ...subscribers,
  ...instancePage,
  ...miniflarePeer,
  ...workerdPeer,
];
