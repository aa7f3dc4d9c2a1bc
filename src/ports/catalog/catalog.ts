/**
 * What is deployed, and what else the account has: small tables beside the journal, in the same database. Written rarely, so
 * each verb is a transaction of its own. Readers take the part that they need.
 */
import type { Timetable } from "../timetable.ts";
import type { CredentialStore } from "./credentials.ts";
import type { Deployments } from "./deployments.ts";
import type { Resources } from "./resources.ts";
import type { Settings } from "./settings.ts";
import type { EventSubscriptions } from "./subscriptions.ts";
import type { Workflows } from "./workflows.ts";

/** What has changed in a catalogue: a workflow (put or removed), or a setting. */
export type CatalogChange = { readonly workflow: string } | { readonly setting: string };

export interface Catalog extends CredentialStore, Deployments, EventSubscriptions, Resources, Settings, Timetable, Workflows {
  /** Calls `notice` after each change that is durable, for as long as the catalogue is open. */
  watch(notice: (change: CatalogChange) => void): void;
}
