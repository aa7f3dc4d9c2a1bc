/**
 * The process in which one side of a comparison is measured: loads the rows of a checkout, measures one benchmark once and
 * reports its figures. Only `bench/rows` and `measure` of the checkout are relied on, so that it may be an older one.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Benchmark } from "./row.ts";

const [root = "", id = "", executor = "", quick = ""] = process.argv.slice(2);

const files = globSync("bench/rows/*.ts", { cwd: root }).filter((path) => !path.endsWith("-child.ts"));
const modules = await Promise.all(
  files.map(async (path) => (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>),
);
const rows = modules.flatMap((each) => Object.values(each).filter(Array.isArray)).flat() as Benchmark[];
const found = rows.find((each) => each.ids.includes(id) && each.executor === executor);
const figures = await found?.measure({ runs: 1, quick: quick === "quick" });
// `null`: this checkout has no such row.
process.send?.(figures ?? null, () => process.exit(0));
