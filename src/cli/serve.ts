/** `stepwell serve`: what has been deployed into a data directory, for clients that have a token. */
import { resolve } from "node:path";
import { createToken } from "../access/tokens.ts";
import { startServer } from "./compose.ts";
import { UsageError } from "./explain.ts";
import { readServerOptions, type ServerOptions } from "./options.ts";
import { untilStopped, type Stopping } from "./stopping.ts";

/** Runs until it is asked to stop. */
export async function serve(args: readonly string[]): Promise<void> {
  const options = readServerOptions(args);
  const [unexpected] = options.positionals;
  if (unexpected !== undefined)
    throw new UsageError(`stepwell serve takes no folder; --data names the data directory (found "${unexpected}")`);
  await untilStopped((stopping) => run(options, stopping));
}

async function run(options: ServerOptions, stopping: Stopping): Promise<void> {
  const running = await startServer(options, resolve(options.data ?? ".stepwell"), "tokens", stopping);
  if ((await running.catalog.tokens()).length === 0) {
    const { token } = await createToken(running.catalog, { label: "first", role: "admin" });
    process.stdout.write(`Token, shown only now: ${token}\n`);
  }
  running.open();
  process.stdout.write(`Ready on ${running.url}\n`);
  const failure = await Promise.race([stopping.asked(), running.ended]);
  running.log.info("Stopping");
  await running.stop();
  if (failure !== undefined) throw failure;
}
