/** What is particular to workerd: many scripts at once, how soon new code is in use, and memory, the server's and its own. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { encode } from "../../src/model/values/value.ts";
import type { Benchmark } from "../row.ts";
import { complete, deploy, openSubject } from "../stepwell.ts";

const CHILD = fileURLToPath(new URL("./workerd-child.ts", import.meta.url));

const subject = { system: "stepwell", executor: "workerd", store: "sqlite-full" } as const;

const SCRIPTS = 20;
const EACH = 50;
const STEPS = 20;

/** Memory is measured in a process of its own, so that it is that of one server. */
function memory(act: string, count: number): Promise<number> {
  const child = fork(CHILD, [act, String(count)], { execArgv: ["--expose-gc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (figure) => resolve(figure as number));
    child.once("exit", (code) => code !== 0 && reject(new Error(`The process for "${act}" ended with ${code}`)));
  });
}

export const workerd: readonly Benchmark[] = [
  {
    ...subject,
    ids: ["workerd-20-scripts"],
    units: { "workerd-20-scripts": "steps/s" },
    async measure() {
      const opened = await openSubject("workerd");
      try {
        const scripts = Array.from({ length: SCRIPTS }, (_, i) => `script-${i}`);
        for (const script of scripts) await deploy(opened.catalog, script);
        const all = (count: number) =>
          Promise.all(scripts.map((script) => complete(opened, `${script}-Steps`, count, { steps: STEPS })));
        await all(1);
        const begun = performance.now();
        await all(EACH);
        return { "workerd-20-scripts": (SCRIPTS * EACH * STEPS * 1_000) / (performance.now() - begun) };
      } finally {
        await opened.close();
      }
    },
  },
  {
    ...subject,
    ids: ["workerd-redeploy"],
    units: { "workerd-redeploy": "ms" },
    async measure() {
      const opened = await openSubject("workerd");
      try {
        await complete(opened, "Steps", 10, { steps: 1 });
        const begun = performance.now();
        await deploy(opened.catalog, "bench", "second");
        await opened.engine.create("Steps", [{ id: "new", params: encode({ steps: 1 }) }], "api");
        while ((await opened.engine.summary({ workflow: "Steps", id: "new" })).status !== "complete")
          await new Promise((resolve) => setTimeout(resolve, 1));
        return { "workerd-redeploy": performance.now() - begun };
      } finally {
        await opened.close();
      }
    },
  },
  {
    ...subject,
    ids: ["workerd-50-scripts-rss"],
    units: { "workerd-50-scripts-rss": "MB" },
    measure: async () => ({ "workerd-50-scripts-rss": await memory("scripts", 50) }),
  },
  {
    ...subject,
    ids: ["workerd-waiting-10k-rss"],
    units: { "workerd-waiting-10k-rss": "MB" },
    measure: async ({ quick }) => ({ "workerd-waiting-10k-rss": await memory("waiting", quick ? 1_000 : 10_000) }),
  },
];
