/**
 * The active policy of each workflow: its newest version's settings, over the account's, over our own defaults. It is read
 * when the first instance comes into memory and again when the catalogue changes, so that decisions about an instance in
 * memory need no read.
 */
import type { Retention } from "../../model/instance/events.ts";
import type { Catalog, CatalogChange } from "../../ports/catalog/catalog.ts";
import { expiryOf, type FullRetention, resolveRetention } from "../../model/instance/retention.ts";
import type { Live } from "./live.ts";

/** Under which name the catalogue keeps `AccountSettings`, as JSON. */
export const ACCOUNT_SETTINGS = "account";

/** The defaults of the account. */
export interface AccountSettings {
  readonly default_retention?: Retention | undefined;
}

/** The active policy of a workflow. */
export interface Policy {
  /** How many instances of it may be running at once; `Infinity` when no limit is set. */
  readonly limit: number;
  /** What instances get that were given no retention of their own. */
  readonly retention: FullRetention;
}

const UNKNOWN: Policy = { limit: Infinity, retention: resolveRetention() };

/** The defaults of the account as they are stored now. */
export async function accountSettings(catalog: Catalog): Promise<AccountSettings> {
  return readAccountSettings(await catalog.setting(ACCOUNT_SETTINGS));
}

/** What the document that is kept of them says. */
export function readAccountSettings(json: string | undefined): AccountSettings {
  return json === undefined ? {} : (JSON.parse(json) as AccountSettings);
}

/** What the layer above does about it. */
export interface PolicyListener {
  /** Something else may be in force for the workflow from now on. */
  policyChanged(workflow: string): void;
}

export class Policies {
  readonly #catalog: Catalog;
  #listener: PolicyListener | undefined;
  readonly #known: Map<string, Policy> = new Map();
  /** For each workflow the reading that began last: an earlier one that ends later is out of date. */
  readonly #reading: Map<string, Promise<void>> = new Map();
  /** Workflows for which something else may be in force than is known: it could not be read. */
  readonly #stale: Set<string> = new Set();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.watch((change) => this.#refresh(change));
  }

  /** Names the layer above. Once. */
  listen(listener: PolicyListener): void {
    this.#listener = listener;
  }

  /** What is in force now for a workflow that has been loaded. */
  of(workflow: string): Policy {
    return this.#known.get(workflow) ?? UNKNOWN;
  }

  /** Until when an instance in memory is to be kept as it stands, in epoch milliseconds; null while it has not ended. */
  keptUntil({ state, workflow }: Live): number | null {
    return expiryOf(state, this.of(workflow).retention);
  }

  /** Resolves when `of` knows the workflow. */
  async load(workflow: string): Promise<void> {
    if (!this.#known.has(workflow)) await (this.#reading.get(workflow) ?? this.#read(workflow));
  }

  #refresh(change: CatalogChange): void {
    if ("crons" in change || ("setting" in change && change.setting !== ACCOUNT_SETTINGS)) return;
    const changed = "workflow" in change ? [change.workflow] : new Set([...this.#known.keys(), ...this.#reading.keys()]);
    for (const workflow of changed) this.#reread(workflow);
  }

  /** Reads again what could not be read when it changed. */
  catchUp(): void {
    for (const workflow of this.#stale) this.#reread(workflow);
  }

  /** Where it cannot be read, what was in force stays so until it can. */
  #reread(workflow: string): void {
    this.#stale.delete(workflow);
    this.#read(workflow).catch(() => this.#stale.add(workflow));
  }

  #read(workflow: string): Promise<void> {
    const reading: Promise<void> = this.#fetch(workflow).then(
      (policy) => {
        if (this.#reading.get(workflow) !== reading) return this.#reading.get(workflow);
        this.#reading.delete(workflow);
        this.#known.set(workflow, policy);
        this.#listener?.policyChanged(workflow);
        return undefined;
      },
      (cause: unknown) => {
        if (this.#reading.get(workflow) === reading) this.#reading.delete(workflow);
        throw cause;
      },
    );
    this.#reading.set(workflow, reading);
    return reading;
  }

  async #fetch(workflow: string): Promise<Policy> {
    const found = await this.#catalog.workflow(workflow);
    const newest = found && (await this.#catalog.workflowVersion(found.versionId));
    const { default_retention: ofAccount } = await accountSettings(this.#catalog);
    return {
      limit: newest?.settings.concurrency?.limit ?? Infinity,
      retention: resolveRetention(newest?.settings.defaultRetention, ofAccount),
    };
  }
}
