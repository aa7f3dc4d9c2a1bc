/** The command line of `npm run bench`: what it refuses before it measures anything, and a comparison of two checkouts. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compare } from "../bench/against.ts";
import { readOptions, UsageError } from "../bench/options.ts";
import type { Benchmark } from "../bench/row.ts";

const MAIN = fileURLToPath(new URL("../bench/main.ts", import.meta.url));

const row = (id: string, executor: string): Benchmark => ({
  ids: [id],
  system: "stepwell",
  executor,
  store: "none",
  units: { [id]: "things/s" },
  measure: () => Promise.resolve({ [id]: 1 }),
});
const ROWS: readonly Benchmark[] = [row("steps-one", "node"), row("steps-two", "workerd"), row("create", "node")];

function bench(...args: readonly string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  // A benchmark is no test: what it shares with tests must not take it for one.
  const { VITEST: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8", timeout: 20_000, env });
  return { status, out: stdout, err: stderr };
}

describe("the program", () => {
  test("--help lists the options and the rows", () => {
    const { status, out, err } = bench("--help");
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain("--against DIR");
    expect(out).toContain("\n  steps-100x20-warm\n");
  });

  test("a row that does not exist is refused with the list of rows, and nothing is measured", () => {
    const { status, out, err } = bench("--only", "steps-100x20,stpes*");
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^There is no row "stpes\*"\. The rows are:\n {2}steps-100x20\n/);
  });

  test("an unknown option is refused in two lines", () => {
    const { status, err } = bench("--olny", "steps-100x20");
    expect([status, err.trim().split("\n").length]).toEqual([2, 2]);
  });
});

describe("options", () => {
  test("rows are chosen by name, by what names begin with, and by executor", () => {
    const chosen = (...args: readonly string[]): string[] => {
      const options = readOptions(args, ROWS);
      return options === "help" ? [] : options.benchmarks.flatMap(({ ids }) => ids);
    };
    expect(chosen("--only", "create")).toEqual(["create"]);
    expect(chosen("--only", "steps-*")).toEqual(["steps-one", "steps-two"]);
    expect(chosen("--executor", "node")).toEqual(["steps-one", "create"]);
  });

  test.each([[["--executor", "deno"]], [["--pairs", "0"]], [["--against", "/nowhere"]]])("%j is refused", (args) => {
    expect(() => readOptions(args, ROWS)).toThrow(UsageError);
  });
});

describe("a comparison with another checkout", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "stepwell-test-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  /** A checkout whose row counts its measurements in a file, and answers `figure` times that count. */
  async function checkout(name: string, id: string, figure: number): Promise<string> {
    const folder = join(root, name);
    await mkdir(join(folder, "bench/rows"), { recursive: true });
    const source = `import { appendFileSync } from "node:fs";
      export const rows = [{ ids: ["${id}"], system: "stepwell", executor: "node", store: "none", units: {}, async measure() {
        appendFileSync(${JSON.stringify(join(root, "order"))}, "${name} ");
        return { "${id}": ${figure} };
      } }];`;
    await writeFile(join(folder, "bench/rows/rows.ts"), source);
    return folder;
  }

  test("measures both in turns and answers the ratio", async () => {
    const there = await checkout("there", "speed", 200);
    const here = await checkout("here", "speed", 300);
    const rows = await compare({ benchmarks: [row("speed", "node")], isWanted: () => true, pairs: 2, quick: true }, there, here);
    expect(rows).toMatchObject([{ id: "speed", here: 300, there: 200, ratio: 1.5 }]);
    expect(await readFile(join(root, "order"), "utf8")).toBe("there here here there ");
  });

  test("says so when the other one has no such row", async () => {
    const there = await checkout("there", "other", 1);
    const here = await checkout("here", "speed", 1);
    const [found] = await compare(
      { benchmarks: [row("speed", "node")], isWanted: () => true, pairs: 1, quick: true },
      there,
      here,
    );
    expect(found?.pairs).toEqual([]);
  });
});
