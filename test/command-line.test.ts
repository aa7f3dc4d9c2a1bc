/** The commands that compare with Cloudflare say what they take, and never pass for want of anything to compare. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** Not as a part of the run of Vitest that this is. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));

describe.each(["conformance", "parity"])("npm run %s", (name) => {
  const run = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [fileURLToPath(new URL(`${name}/main.ts`, import.meta.url)), ...args], { encoding: "utf8", env });

  test("--help lists the options", () => {
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--only") as string, stderr: "" });
  });

  test.each([[["--onyl", "x"]], [["--only", "no-such-thing"]]])("%j is refused", (args) => {
    const { status, stderr } = run(...args);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(new RegExp(`\\nnpm run ${name} -- --help lists the options.\\n$`)) as string,
    });
  });
});
