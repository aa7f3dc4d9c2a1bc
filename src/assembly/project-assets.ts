/** The static assets of a project, for `stepwell dev`: read from its folder, and kept as those that are uploaded. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { getMimeType } from "hono/utils/mime";
import { ignoredBy } from "../model/platform/assets/ignore-rules.ts";
import type { ScriptAssets } from "../ports/catalog/script-versions.ts";
import type { AssetStore } from "../workers/assets/assets.ts";
import { assetRules } from "../workers/assets/config.ts";
import type { ProjectConfig } from "../workers/config/project.ts";
import { ProjectError } from "../workers/config/project-error.ts";

/** What was found. */
export interface ProjectAssets {
  readonly assets?: ScriptAssets;
  /** The files, to be watched. */
  readonly inputs: readonly string[];
  /** Lines of `_headers` and `_redirects` that are passed over, each with its reason. */
  readonly remarks: readonly string[];
}

/** Files that configure the serving of assets, and are not served themselves. */
const HEADERS = "_headers";
const REDIRECTS = "_redirects";
const IGNORE = ".assetsignore";
const NOT_SERVED = new Set([IGNORE, HEADERS, REDIRECTS]);

/** Reads them all. Rejects with a `ProjectError` when there is no such folder. */
export async function projectAssets(store: AssetStore, config: Pick<ProjectConfig, "assets" | "file">): Promise<ProjectAssets> {
  const { directory: root, ...how } = config.assets;
  if (root === undefined) return { inputs: [], remarks: [] };
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new ProjectError(`${config.file}: assets.directory: folder ${root} not found`, { cause });
  });
  const inputs = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const isIgnored = ignoredBy((await textOf(join(root, IGNORE))) ?? "");
  const files: Record<string, { hash: string; type?: string }> = {};
  for (const file of inputs) {
    const name = relative(root, file).split(sep).join("/");
    if (NOT_SERVED.has(name) || isIgnored(name)) continue;
    const path = `/${name}`;
    const type = getMimeType(path);
    files[path] = { hash: await store.keep(path, await readFile(file)), ...(type !== undefined && { type }) };
  }
  const { rules, passedOver } = assetRules(await textOf(join(root, HEADERS)), await textOf(join(root, REDIRECTS)));
  const remarks = passedOver.map(({ file, line, reason }) => `${file}:${line} is ignored: ${reason}`);
  return { assets: { files, config: { ...how, ...rules } }, inputs, remarks };
}

/** Undefined when there is no such file. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}
