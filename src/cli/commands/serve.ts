/** `stepwell serve`: runs the Workers deployed to a data directory, for clients with a token. */
import { resolve } from "node:path";
import { makeFilesPrivate } from "../../assembly/data-directory.ts";
import { UsageError } from "../../assembly/explain.ts";
import { provideFirstToken } from "./first-token.ts";
import type { ServerOptions } from "../../assembly/server-options.ts";
import { readServerOptions } from "../options.ts";
import { untilStopped, type Stopping } from "../stopping.ts";

/** Runs until it is asked to stop. */
export async function serve(args: readonly string[]): Promise<void> {
  const options = readServerOptions(args);
  const [unexpected] = options.positionals;
  if (unexpected !== undefined)
    throw new UsageError(`stepwell serve takes no folder; --data names the data directory (found "${unexpected}")`);
  await untilStopped((stopping) => run(options, stopping));
}

async function run(options: ServerOptions, stopping: Stopping): Promise<void> {
  // Loaded once the command line is known to be right.
  const { startServer } = await import("../../assembly/compose.ts");
  makeFilesPrivate();
  const data = resolve(options.data ?? ".stepwell");
  const running = await startServer(options, data, "tokens", stopping);
  await provideFirstToken(running.catalog, data);
  running.open();
  process.stdout.write(`Ready on ${running.url}\n`);
  const failure = await Promise.race([stopping.asked(), running.ended]);
  running.log.info("Stopping");
  await running.stop();
  if (failure !== undefined) throw failure;
}
