/** `stepwell serve`: what has been deployed into a data directory, for clients that have a token. */
import { resolve } from "node:path";
import { askedToStop, startServer } from "./compose.ts";
import { UsageError } from "./explain.ts";
import { provideFirstToken } from "./first-token.ts";
import { readServerOptions } from "./options.ts";

/** Runs until it is asked to stop. */
export async function serve(args: readonly string[]): Promise<void> {
  const options = readServerOptions(args);
  const [unexpected] = options.positionals;
  if (unexpected !== undefined)
    throw new UsageError(`stepwell serve takes no folder; --data names the data directory (found "${unexpected}")`);
  const data = resolve(options.data ?? ".stepwell");
  const running = await startServer(options, data, "tokens");
  const stopped = askedToStop();
  await provideFirstToken(running.catalog, data);
  running.open();
  process.stdout.write(`Ready on ${running.url}\n`);
  await stopped;
  running.log.info("Stopping");
  await running.stop();
}
