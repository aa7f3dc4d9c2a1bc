/**
 * The one way in for code. A version is stored once it has been loaded and has the classes that it says it has, its secrets
 * sealed; nothing points to it then. To activate it is one change of the catalogue, which takes its workflows along. So
 * nothing is ever half deployed. Instances under way stay on the version they began with.
 */
import { createHash, randomUUID } from "node:crypto";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Deployment } from "../../ports/catalog/deployments.ts";
import type { Annotations, DeclaredWorkflow, ScriptVersion } from "../../ports/catalog/script-versions.ts";
import type { WorkflowChange } from "../../ports/catalog/workflows.ts";
import { sealSecrets } from "../../ports/secrets.ts";
import type { Vault } from "../../ports/vault.ts";
import { DEFAULT_POLICY, type DeployPolicy } from "./policy.ts";
import { mapStack } from "../logs/stack.ts";
import { schedulesWith, workflowChange } from "./workflow.ts";

/** What a publisher works with. */
export interface PublisherParts {
  readonly catalog: Catalog;
  readonly vault: Vault;
  /** Loads a version, whose secrets are in the clear, to see that it does. Rejects with `script.invalid` when it does not. */
  readonly load: (version: ScriptVersion) => Promise<void>;
  /** `DEFAULT_POLICY` when absent. */
  readonly policy?: DeployPolicy;
}

/** A version as somebody wants it, its secrets in the clear. */
export type WantedVersion = Omit<ScriptVersion, "id" | "hash" | "createdAt">;

export class Publisher {
  readonly catalog: Catalog;
  readonly vault: Vault;
  readonly policy: DeployPolicy;
  readonly #load: PublisherParts["load"];
  /** The last change of each script that is not over yet. */
  readonly #turns: Map<string, Promise<unknown>> = new Map();
  #change: Promise<unknown> = Promise.resolve();

  constructor({ catalog, vault, load, policy = DEFAULT_POLICY }: PublisherParts) {
    this.catalog = catalog;
    this.vault = vault;
    this.policy = policy;
    this.#load = load;
  }

  /**
   * Changes a script: its changes take place in the order in which they were asked for. Those of other scripts do not wait,
   * so `work` may load code. What it reads of other scripts may change meanwhile: it is to be checked again in `exclusively`.
   */
  inTurn<T>(script: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(script) ?? Promise.resolve();
    const result = before.then(work);
    const over = result
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(script) === over) this.#turns.delete(script);
      });
    this.#turns.set(script, over);
    return result;
  }

  /** Reads the catalogue and changes it with nothing in between, one at a time. `work` is to touch nothing else: all wait for it. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#change.then(work);
    this.#change = result.catch(() => undefined);
    return result;
  }

  /**
   * Stores a version that nothing points to yet, which takes as long as its code takes to load. A failure has the whole stack of what was thrown: with the places in the
   * sources when they are wanted `mapped`; clients that have the source map themselves want them `raw`.
   *
   * @throws Failure `script.invalid` when it does not load or lacks a class; nothing is stored then.
   */
  async store(wanted: WantedVersion, positions: "mapped" | "raw"): Promise<ScriptVersion> {
    const version = identified(wanted);
    checkClasses(version);
    await this.#load(version).catch((cause: unknown) => refuse(cause, version, positions));
    const sealed = sealSecrets(this.vault, version);
    await this.catalog.addScriptVersion(sealed);
    return sealed;
  }

  /**
   * Makes a stored version the one that counts. `workflows` are those that it is to have; others of the script, whose
   * class it has, go with it, and those whose class it lacks stay where they are.
   *
   * @throws Failure `workflow.too_many_schedules`; nothing has changed then. Deleting a script frees its schedules, and
   * others may have taken their places when it comes back.
   */
  async activate(
    version: Pick<ScriptVersion, "id" | "script" | "code" | "exports">,
    workflows: readonly DeclaredWorkflow[],
    annotations: Annotations = {},
  ): Promise<Deployment> {
    const { id: versionId, script, exports } = version;
    const declared = new Map(workflows.map((each) => [each.name, each]));
    for (const { name, className } of await this.catalog.workflowsOf(script))
      if (!declared.has(name) && exports?.includes(className) !== false) declared.set(name, { name, className });
    const changes: WorkflowChange[] = [];
    for (const { name, className, settings } of declared.values()) {
      const change = await workflowChange(this.catalog, { name, className, script }, version, settings);
      if (change !== undefined) changes.push(change);
    }
    const schedules = changes.map(({ workflow: { name }, version: { settings } }) => ({
      name,
      crons: (settings.schedules ?? []).map(({ cron }) => cron),
    }));
    if ((await schedulesWith(this.catalog, schedules)) > LIMITS.schedules)
      throw new Failure("workflow.too_many_schedules", { field: "schedules" });
    const deployment = { id: randomUUID(), script, versionId, createdAt: Date.now(), annotations };
    await this.catalog.activate(deployment, changes);
    return deployment;
  }
}

/** Executors tell places in the code that they were given. V8's word stands before what has a stack: the rest is a sentence. */
function refuse(cause: unknown, version: ScriptVersion, positions: "mapped" | "raw"): never {
  if (!(cause instanceof Failure) || cause.failure !== "script.invalid") throw cause;
  const { detail = "" } = cause;
  const raw = detail.includes("\n") ? `Uncaught ${detail}` : detail;
  throw new Failure("script.invalid", { detail: positions === "raw" ? raw : mapStack(detail, version), cause });
}

/** What tells the content of a version from another's, secrets aside: of those only the names. */
export function contentHash({
  script,
  code,
  bindings,
  modules,
  assets,
  workflows = [],
  objectClasses = [],
  ...rest
}: WantedVersion): string {
  const { compatibilityDate, compatibilityFlags } = rest;
  const shown = bindings.map((binding) => {
    if (binding.type === "secret_text") return { ...binding, text: "" };
    return binding.type === "version_metadata" ? { ...binding, metadata: null } : binding;
  });
  const exported = workflows.flatMap(({ name, className, isExported }) => (isExported === true ? [[className, name]] : []));
  const content = { script, code, bindings: shown, modules, compatibilityFlags, compatibilityDate, assets };
  if (exported.length > 0) Object.assign(content, { exported });
  if (objectClasses.length > 0) Object.assign(content, { objectClasses });
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

function identified(wanted: WantedVersion): ScriptVersion {
  const id = randomUUID();
  const createdAt = Date.now();
  const tag = wanted.annotations?.["workers/tag"] ?? "";
  const metadata = { id, tag, timestamp: new Date(createdAt).toISOString() };
  const bindings = wanted.bindings.map((binding): Binding =>
    binding.type === "version_metadata" ? { ...binding, metadata } : binding,
  );
  return { ...wanted, bindings, id, hash: contentHash(wanted), createdAt };
}

function checkClasses({ exports, workflows = [] }: ScriptVersion): void {
  if (exports === undefined) return;
  for (const { name, className } of workflows) {
    if (exports.includes(className)) continue;
    const known = exports.filter((each) => each !== "default").join(", ") || "no classes";
    const detail = `The Worker exports no class "${className}", which the workflow "${name}" needs (it exports ${known})`;
    throw new Failure("script.invalid", { detail });
  }
}
