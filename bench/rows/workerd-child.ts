/** The process in which the memory of a server and its processes of workerd is measured: does one thing, reports it, ends. */
import { readFileSync } from "node:fs";
import { encode } from "../../src/model/values/value.ts";
import { complete, deploy, openSubject } from "../stepwell.ts";

const [act = "", count = "0"] = process.argv.slice(2);
const total = Number(count);

/** Resident memory of this process and of those that it has started, in megabytes. */
function rss(): number {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
  const of = (pid: string): number => Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return (process.memoryUsage().rss + children.map(of).reduce((sum, each) => sum + each, 0) * 1_024) / 1e6;
}

/** All but those that may stay of the instances that only wait have left memory, and the spare process has started. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 4_000));

const subject = await openSubject("workerd");
if (act === "scripts") {
  for (let i = 0; i < total; i += 1) {
    await deploy(subject.catalog, `script-${i}`);
    await complete(subject, `script-${i}-Steps`, 1, { steps: 1 });
  }
} else {
  for (let made = 0; made < total; made += 1_000) {
    const requests = Array.from({ length: 1_000 }, () => ({ params: encode({ ms: 3_600_000 }) }));
    await subject.engine.create("Sleeper", requests, "api");
  }
  while (((await subject.store.statusCounts("Sleeper")).waiting ?? 0) < total)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
await settled();
const figure = rss();
await subject.close();
process.send?.(figure, () => process.exit(0));
