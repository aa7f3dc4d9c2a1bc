#!/usr/bin/env node
/** The program. Rejects an older Node before it loads modules that need a newer one. */

const NEEDED = [24, 12] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(`stepwell: Node ${NEEDED.join(".")} or newer is needed, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { main } = await import("./commands.ts");
  await main(process.argv.slice(2));
}
