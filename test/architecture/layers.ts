/** The table below is the architecture: who may import whom. */
import { isBuiltin } from "node:module";
import { importedPath, importsOf, isTest, layerOf, type Source } from "./sources.ts";

interface Layer {
  /** Folders of `src/` whose files may be imported; `*` is any of them. A folder's own files always may. */
  readonly folders: readonly string[];
  /** npm packages; `*` is any of them. */
  readonly packages?: readonly string[];
  /** Node's own modules: free unless this says "none". */
  readonly node?: "none";
}

const PURE = { packages: [], node: "none" } as const;

const STORE: Layer = { folders: ["model", "ports"] };
const EXECUTOR: Layer = { folders: ["model", "protocol", "runtime", "ports", "executors/output"] };

export const LAYERS: Readonly<Record<string, Layer>> = {
  model: { folders: [], ...PURE, packages: ["devalue"] },
  protocol: { folders: ["model"], ...PURE },
  runtime: { folders: ["model", "protocol"], ...PURE },
  ports: { folders: ["model", "protocol"], ...PURE },
  absent: { folders: ["model", "ports"], ...PURE },
  system: { folders: ["ports"], ...PURE },
  upkeep: { folders: ["model", "ports"], ...PURE },
  engine: { folders: ["model", "protocol", "ports", "absent", "upkeep"], ...PURE },
  workers: {
    folders: ["model", "protocol", "ports", "system", "upkeep"],
    packages: ["acorn", "esbuild", "zod", "@noble/hashes", "unenv", "@cloudflare/unenv-preset", "@cloudflare/workers-utils"],
  },
  queues: { folders: ["model", "protocol", "ports", "upkeep"] },
  access: { folders: ["model", "ports", "upkeep"] },
  vault: { folders: ["model", "ports"] },
  "stores/*": STORE,
  "stores/postgres": { ...STORE, packages: ["postgres"] },
  "executors/*": EXECUTOR,
  "executors/output": { folders: ["model", "protocol", "ports"] },
  "executors/workerd": { ...EXECUTOR, packages: ["workerd", "ws", "esbuild", "cloudflare:*", "miniflare:*", "@noble/hashes"] },
  api: {
    folders: ["model", "ports", "system", "access", "engine", "workers", "queues"],
    packages: ["hono", "zod", "@hono/zod-openapi"],
  },
  server: {
    folders: ["model", "protocol", "ports", "system", "access", "engine", "workers", "api"],
    packages: ["hono", "@hono/node-server", "pino", "ws"],
  },
  assembly: {
    folders: [
      "model",
      "ports",
      "absent",
      "system",
      "access",
      "engine",
      "workers",
      "queues",
      "vault",
      "api",
      "server",
      "stores/sqlite",
      "executors/node",
      "executors/workerd",
    ],
    packages: ["hono"],
  },
  testing: {
    folders: [
      "model",
      "protocol",
      "runtime",
      "ports",
      "system",
      "engine",
      "workers",
      "api",
      "server",
      "assembly",
      "stores/memory",
      "executors/in-process",
      "executors/workerd",
    ],
    packages: ["vitest", "fast-check", "cloudflare:*"],
  },
  vitest: {
    folders: ["model", "runtime", "ports", "testing", "workers", "executors/workerd"],
    packages: ["vitest", "virtual:*"],
  },
  "index.ts": {
    folders: [
      "model",
      "ports",
      "absent",
      "system",
      "engine",
      "workers",
      "api",
      "runtime",
      "vault",
      "stores/sqlite",
      "executors/node",
      "executors/in-process",
    ],
  },
  cli: { folders: ["*"], packages: ["*"] },
};

/** What a `*.test.ts` may import on top of what its folder may: test equipment, and the runtime to write workflows with. */
const IN_TESTS: Layer = {
  folders: ["testing", "runtime", "absent", "system", "stores/memory", "executors/in-process"],
  // croner is the second opinion on what a cron expression means.
  packages: ["vitest", "fast-check", "croner"],
};

/** Outside of `src/`: contract suites, parts that fail, and what else tests are made with. */
const EQUIPMENT = /^test\/(contracts|faults|support)\//;

export const rowOf = (layer: string): Layer | undefined => LAYERS[layer] ?? LAYERS[layer.replace(/\/.+/, "/*")];

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const isListed = (name: string, list: readonly string[] = []): boolean =>
  list.some((entry) => entry === "*" || entry === name || (entry.endsWith(":*") && name.startsWith(entry.slice(0, -1))));

function mayImport({ path }: Source, specifier: string): boolean {
  const own = layerOf(path);
  const { folders, packages, node }: Layer = rowOf(own) ?? { folders: [], ...PURE };
  const extra: Layer = isTest(path) ? IN_TESTS : { folders: [] };
  const imported = importedPath(path, specifier);
  if (imported !== undefined) {
    if (isTest(path) && EQUIPMENT.test(imported)) return true;
    const target = layerOf(imported);
    return target === own || isListed(target, folders) || isListed(target, extra.folders);
  }
  if (specifier.startsWith("(computed)")) return node !== "none";
  if (isBuiltin(specifier)) return node !== "none" || isTest(path);
  return isListed(packageOf(specifier), packages) || isListed(packageOf(specifier), extra.packages);
}

/** One sentence for each forbidden import. */
export function breaches(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    rowOf(layerOf(file.path)) === undefined
      ? [`${file.path} is in no folder of the table`]
      : importsOf(file.text)
          .filter((specifier) => !mayImport(file, specifier))
          .map((specifier) => `${file.path} may not import ${specifier}`),
  );
}
