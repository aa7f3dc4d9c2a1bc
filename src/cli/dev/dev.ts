/** `stepwell dev`: runs Workers on this machine and redeploys each when one of its files changes. */
import { existsSync } from "node:fs";
import { Project } from "../../assembly/project.ts";
import { UsageError } from "../../assembly/explain.ts";
import { untilStopped } from "../stopping.ts";
import { readDevOptions } from "./options.ts";
import { DevWorker } from "./worker/worker.ts";

/** Runs until it is asked to stop. */
export async function dev(args: readonly string[]): Promise<void> {
  const given = readDevOptions(args);
  for (const { folder } of given.projects) if (!existsSync(folder)) throw new UsageError(`Folder ${folder} not found`);
  const workers = given.projects.map((source) => new DevWorker(new Project(source, given.server, print))) as [DevWorker];
  await untilStopped(async (stopping) => {
    try {
      // Mistakes in the projects are reported before anything is opened or made, and before a server is even loaded.
      const loaded = await Promise.race([Promise.all(workers.map((worker) => worker.load())), stopping.asked()]);
      if (loaded === undefined) return;
      const { runSession } = await import("./session.ts");
      await runSession(workers, given, stopping);
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
    }
  });
}

function print(text: string): void {
  process.stdout.write(`[custom build] ${text}\n`);
}
