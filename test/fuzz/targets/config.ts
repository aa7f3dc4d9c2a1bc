/** wrangler configurations: a project, or an error that names its file; never anything else, and none of what is outside. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { explain } from "../../../src/assembly/explain.ts";
import { KINDS } from "../../../src/bindings/kinds.ts";
import type { Kind } from "../../../src/bindings/kind.ts";
import { provisionsOf } from "../../../src/bindings/provisions.ts";
import type { BindingType } from "../../../src/ports/catalog/bindings.ts";
import { ProjectError } from "../../../src/workers/config/project-error.ts";
import { readProject, type ProjectConfig } from "../../../src/workers/config/project.ts";
import { fuzzed, type Target } from "../target.ts";
import { change, changed, described, junk, toToml, type Schema } from "./configurations.ts";
import { mutated, pumped, splinters } from "./mutations.ts";

/** A project's files, as far as its configuration is made of them. */
interface Input {
  readonly file: "wrangler.json" | "wrangler.jsonc" | "wrangler.toml";
  readonly text: string;
  readonly secretsFile: ".dev.vars" | ".env" | undefined;
  readonly secrets: string;
  readonly env: string | undefined;
}

const CLIENTS = new URL("../../clients/node_modules/", import.meta.url);

const SCHEMA = new URL("wrangler/config-schema.json", CLIENTS);

const PLAIN = { name: "shop", main: "src/index.ts", compatibility_date: "2026-11-01" };

const SECRETS = ["A=1\nB='two'\n# no\nexport C=\"$A ${B:-x}\\n\"", "A=`a\nb`", "__proto__=1\nconstructor=$constructor", "A=${A}"];

function inputs(schema: Schema): fc.Arbitrary<Input> {
  const valid = described(schema).map((fields) => ({ ...PLAIN, ...(fields as object) }));
  const names = Object.keys(schema.definitions?.["RawConfig"]?.properties ?? {});
  const odd = fc.tuple(fc.constantFrom(...names), junk).map(([name, by]) => ({ ...PLAIN, [name]: by }));
  const fields = fc.oneof<fc.MaybeWeightedArbitrary<unknown>[]>(
    { weight: 3, arbitrary: fc.tuple(valid, fc.array(change, { maxLength: 2 })).map(([made, all]) => all.reduce(changed, made)) },
    { weight: 1, arbitrary: odd },
  );
  const written = fields.chain((made): fc.Arbitrary<Pick<Input, "file" | "text">> => {
    const isTable = typeof made === "object" && made !== null && !Array.isArray(made);
    const json = JSON.stringify(made) ?? "";
    return fc.constantFrom<Pick<Input, "file" | "text">>(
      { file: "wrangler.json", text: json },
      { file: "wrangler.jsonc", text: `// one\n${json.slice(0, 1)}/* two */${json.slice(1)}` },
      { file: "wrangler.toml", text: isTable ? toToml(made) : json },
    );
  });
  const broken = fc
    .tuple(written, fc.nat())
    .chain(([{ file, text }]) => mutated(fc.constant(text)).map((each) => ({ file, text: each })));
  const secrets = fc.oneof(
    mutated(fc.constantFrom(...SECRETS), 6),
    splinters,
    pumped(["A=", "$A", "${", "}", "\\", '"', "'", "`", "\n", " ", "#", "$", "x"], 20_000),
  );
  return fc
    .tuple(
      fc.oneof({ weight: 4, arbitrary: written }, { weight: 1, arbitrary: broken }),
      fc.constantFrom(undefined, undefined, ".dev.vars" as const, ".env" as const),
      secrets,
      fc.constantFrom(undefined, undefined, "staging", "a", "__proto__"),
    )
    .map(([{ file, text }, secretsFile, said, env]) => ({ file, text, secretsFile, secrets: said, env }));
}

/** What reads the project in a folder. */
type Read = (folder: string, options: { readonly env: string | undefined }) => Promise<ProjectConfig>;

async function isReadOrRefused(
  read: Read,
  folder: string,
  { file, text, secretsFile, secrets, env }: Input,
): Promise<"read" | "refused"> {
  const files = [join(folder, file), ...(secretsFile === undefined ? [] : [join(folder, secretsFile)])];
  await writeFile(files[0] ?? "", text);
  if (secretsFile !== undefined) await writeFile(files[1] ?? "", secrets);
  try {
    isWhole(await read(folder, { env }), folder);
    return "read";
  } catch (cause) {
    if (!(cause instanceof ProjectError)) throw cause;
    assert.match(cause.message, /wrangler\.|\.env|\.dev\.vars/, "it names no file");
    assert.ok(!/^\s+at .*:\d+:\d+/m.test(explain(cause)), "it has a stack");
    return "refused";
  } finally {
    for (const each of files) await rm(each, { force: true });
  }
}

/** What is done with a project afterwards takes what was read. */
function isWhole(project: ProjectConfig, folder: string): void {
  const { bindings, name, workflows, crons, inputs: read } = project;
  for (const binding of bindings) {
    const { describe } = KINDS[binding.type] as Kind<BindingType>;
    assert.equal(typeof binding.name, "string", "a binding without a name");
    assert.equal(typeof describe(binding as never).what, "string");
    if (binding.type === "secret_text" || binding.type === "plain_text")
      assert.equal(typeof binding.text, "string", binding.name);
  }
  provisionsOf(name, bindings);
  assert.ok(workflows.every(({ className, name: called }) => typeof className === "string" && typeof called === "string"));
  assert.ok(crons.every((each) => typeof each === "string"));
  JSON.stringify(project);
  // The configuration names its tsconfig, which may be anywhere; all else is beside it.
  assert.ok(read.filter((each) => !each.startsWith(`${folder}/`)).length <= 1, `outside: ${read.join(", ")}`);
}

/** The target for what reads projects. */
export function configTarget(read: Read): Target {
  const open: Target["open"] = async (figures) => {
    const schema = JSON.parse(await readFile(SCHEMA, "utf8").catch(missing)) as Schema;
    const folder = await mkdtemp(join(tmpdir(), "stepwell-fuzz-config-"));
    return fuzzed(inputs(schema), async (input) => figures(await isReadOrRefused(read, folder, input)), {
      found: FOUND,
      close: () => rm(folder, { recursive: true, force: true }),
    });
  };
  return { name: "config", weight: 1, ciRuns: 300, open };
}

function missing(cause: unknown): never {
  throw new Error("wrangler is not there: node scripts/install-clients.mjs installs it", { cause });
}

const plain = (more: object, secrets?: string): Input => ({
  file: "wrangler.json",
  text: JSON.stringify({ ...PLAIN, ...more }),
  secretsFile: secrets === undefined ? undefined : ".env",
  secrets: secrets ?? "",
  env: undefined,
});

/** Each names the one before twice: what the last one comes to has as many characters as there are atoms. */
const DOUBLED = Array.from({ length: 200 }, (_, i) => `V${i}=${i === 0 ? "x" : `$V${i - 1}$V${i - 1}`}`).join("\n");

/** Inputs that broke a promise once. */
const FOUND: readonly Input[] = [plain({}, DOUBLED), plain({}, "constructor=1\nA=$constructor")];

export const config: Target = configTarget(readProject);
