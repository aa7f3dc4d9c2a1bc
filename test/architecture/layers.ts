/** The table below is the architecture: who may import whom. */
import { isBuiltin } from "node:module";
import { importedPath, importsOf, isTest, type Source } from "./sources.ts";

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
const EXECUTOR: Layer = { folders: ["model", "protocol", "runtime", "ports", "executors/output", "bindings"] };

/** The rooms of the engine from the bottom up: each imports those before it, and the files beside the rooms all of them. */
const ROOMS = ["contract.ts", "state", "journal", "memory", "runs", "schedule", "reading", "verbs", "upkeep"].map(
  (room) => `engine/${room}`,
);
const engineLayer = (rooms: readonly string[]): Layer => ({
  folders: ["model", "protocol", "ports", "noop", "upkeep", "workers/hosts", ...rooms],
  ...PURE,
});

export const LAYERS: Readonly<Record<string, Layer>> = {
  model: { folders: [], ...PURE, packages: ["devalue"] },
  protocol: { folders: ["model"], ...PURE },
  runtime: { folders: ["model", "protocol"], ...PURE },
  ports: { folders: ["model", "protocol"], ...PURE },
  noop: { folders: ["model", "ports"], ...PURE },
  system: { folders: ["ports"], ...PURE },
  bindings: {
    folders: ["model", "protocol", "runtime", "ports"],
    packages: ["zod", "@noble/hashes", "@cloudflare/workers-utils"],
    node: "none",
  },
  upkeep: { folders: ["model", "ports"], ...PURE },
  "workers/hosts": { folders: ["model", "protocol", "ports", "noop", "bindings"], ...PURE },
  ...Object.fromEntries(ROOMS.map((room, i) => [room, engineLayer(ROOMS.slice(0, i))])),
  engine: engineLayer(ROOMS),
  workers: {
    folders: ["model", "protocol", "ports", "system", "upkeep", "bindings"],
    packages: ["acorn", "esbuild", "zod", "@noble/hashes", "unenv", "@cloudflare/unenv-preset", "@cloudflare/workers-utils"],
  },
  queues: { folders: ["model", "protocol", "ports", "upkeep"] },
  access: { folders: ["model", "ports", "upkeep"] },
  vault: { folders: ["model", "ports"] },
  images: { folders: ["model", "ports"], packages: ["sharp"] },
  "stores/*": STORE,
  "stores/memory": { folders: ["model", "ports", "stores/sqlite"] },
  "stores/postgres": { ...STORE, packages: ["postgres"] },
  "executors/*": EXECUTOR,
  "executors/output": { folders: ["model", "protocol", "ports"] },
  "executors/workerd": { ...EXECUTOR, packages: ["workerd", "ws", "esbuild", "cloudflare:*", "miniflare:*", "@noble/hashes"] },
  api: {
    folders: ["model", "ports", "system", "access", "engine", "workers", "queues", "bindings"],
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
      "noop",
      "system",
      "bindings",
      "access",
      "engine",
      "workers",
      "queues",
      "vault",
      "images",
      "api",
      "server",
      "stores/sqlite",
      "executors/node",
      "executors/workerd",
    ],
    packages: ["hono", "nodemailer"],
  },
  testing: {
    folders: [
      "model",
      "protocol",
      "runtime",
      "ports",
      "system",
      "noop",
      "bindings",
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
    folders: ["model", "runtime", "ports", "bindings", "testing", "workers", "executors/workerd"],
    packages: ["vitest", "virtual:*"],
  },
  "index.ts": {
    folders: [
      "model",
      "ports",
      "noop",
      "system",
      "bindings",
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
  folders: ["testing", "runtime", "noop", "system", "stores/memory", "stores/sqlite", "executors/in-process"],
  // croner is the second opinion on what a cron expression means.
  packages: ["vitest", "fast-check", "croner"],
};

/** Outside of `src/`: contract suites, parts that fail, and what else tests are made with. */
const EQUIPMENT = /^test\/(contracts|faults|support)\//;

/** `src/stores/sqlite/journal/rows.ts` is of the layer `stores/sqlite`, `src/api/routes/a.ts` of `api`, `src/index.ts` of itself. */
function layerOf(path: string): string {
  const [, first = "", second = ""] = path.split("/");
  const room = `${first}/${second}`;
  return room in LAYERS || `${first}/*` in LAYERS ? room : first;
}

export const rowOf = (layer: string): Layer | undefined => LAYERS[layer] ?? LAYERS[layer.replace(/\/.+/, "/*")];

export const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const isListed = (name: string, list: readonly string[] = []): boolean =>
  list.some((entry) => entry === "*" || entry === name || (entry.endsWith(":*") && name.startsWith(entry.slice(0, -1))));

const isIn = (layer: string, folders: readonly string[]): boolean =>
  isListed(layer, folders) || folders.some((folder) => layer.startsWith(`${folder}/`));

/** The tests of a room may use the whole house. */
const houseOf = (layer: string): string[] => [layer.replace(/\/.+/, "")].filter((folder) => folder in LAYERS);

function mayImport({ path }: Source, specifier: string): boolean {
  const own = layerOf(path);
  const { folders, packages, node }: Layer = rowOf(own) ?? { folders: [], ...PURE };
  const extra: Layer = isTest(path) ? { ...IN_TESTS, folders: [...IN_TESTS.folders, ...houseOf(own)] } : { folders: [] };
  const imported = importedPath(path, specifier);
  if (imported !== undefined) {
    if (isTest(path) && EQUIPMENT.test(imported)) return true;
    const target = layerOf(imported);
    return target === own || isIn(target, folders) || isIn(target, extra.folders);
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
