/** Every option of `wrangler dev` is known to `stepwell dev`, by wrangler's own help. */
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { readDevOptions } from "../../src/cli/dev/options.ts";
import { wranglerIn } from "../support/clients.ts";

/** Values for those that take only some. */
const VALUES: Readonly<Record<string, string>> = {
  port: "0",
  "inspector-port": "0",
  "inspector-ip": "127.0.0.1",
  "local-protocol": "http",
  "upstream-protocol": "http",
  "log-level": "info",
  var: "A:1",
  define: "A:1",
  alias: "a:b",
};

test("every option of wrangler dev is accepted, or refused with an alternative", async () => {
  const { stdout } = await wranglerIn(tmpdir(), {})(["dev", "--help"]);
  const lines = stdout.split("\n").filter((line) => /^\s+(?:-\w, )?\s*--/.test(line));
  const options = lines.flatMap((line) =>
    [
      ...line
        .trim()
        .replace(/\s{2,}\S.*$/, "")
        .matchAll(/--([\w-]+)/g),
    ].map(([, name = ""]) => ({
      name,
      isFlag: line.includes("[boolean]"),
    })),
  );
  expect(options.length).toBeGreaterThan(40);
  const answered = options
    // The command line answers these before any command.
    .filter(({ name }) => name !== "help" && name !== "version")
    .flatMap(({ name, isFlag }) => {
      try {
        readDevOptions(isFlag ? [`--${name}`] : [`--${name}`, VALUES[name] ?? "x"]);
        return [];
      } catch (cause) {
        return [(cause as Error).message.split(":", 1)[0]];
      }
    });
  expect(answered).toEqual(["--remote", "--tunnel", "--tunnel-name", "--tunnel-allowed-mail"]);
});
