/**
 * What is deployed, and what else the account has: small tables beside the journal, in the same database, and written rarely.
 * Readers take the part that they need.
 */
import type { Timetable } from "../timetable.ts";
import type { Addresses } from "./addresses.ts";
import type { ConcurrencyKeys } from "./concurrency.ts";
import type { CredentialStore } from "./credentials.ts";
import type { Deployments } from "./deployments.ts";
import type { Edits } from "./edits.ts";
import type { Resources } from "./resources.ts";
import type { SecretsStores } from "./secrets-stores.ts";
import type { Settings } from "./settings.ts";
import type { EventSubscriptions } from "./subscriptions.ts";
import type { Workers } from "./workers.ts";
import type { Workflows } from "./workflows.ts";

/** What has changed in a catalogue: a workflow (put or removed), the cron expressions of an owner, or a setting. */
export type CatalogChange = { readonly workflow: string } | { readonly crons: string } | { readonly setting: string };

/** What workflows and scripts are, and the changes of that. */
export interface Deployed extends Addresses, ConcurrencyKeys, Deployments, Edits, Resources, Timetable, Workers, Workflows {}

export interface Catalog extends Deployed, CredentialStore, EventSubscriptions, SecretsStores, Settings {
  /** Calls `notice` after each change that is durable, for as long as the catalogue is open. */
  watch(notice: (change: CatalogChange) => void): void;
}
