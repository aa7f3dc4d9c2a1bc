/** What the routes of KV, D1 and R2 share: to find what they are about, and to ask it. */
import { Failure, type FailureName } from "../../../model/failures/failure.ts";
import type { Resource } from "../../../ports/catalog/resources.ts";
import type { StorageRequest } from "../../../ports/storage.ts";
import type { Api, Reply } from "../../endpoint/endpoint.ts";
import { pageOf, type Pages } from "../workflows/schemas.ts";

const MISSING: Readonly<Record<Resource["type"], FailureName>> = { kv: "kv.not_found", d1: "d1.not_found", r2: "r2.not_found" };

/** The namespace, database or bucket with this id. Fails with `<type>.not_found`. */
export async function found({ catalog }: Api, type: Resource["type"], id: string): Promise<Resource> {
  const resource = await catalog.resource(type, id);
  if (resource === undefined) throw missing(type, id);
  return resource;
}

/** Says that there is none. */
export function missing(type: Resource["type"], id: string): Failure {
  return new Failure(MISSING[type], { detail: type === "d1" ? `The database ${id} could not be found` : `There is no "${id}"` });
}

/** Asks what is kept in one of them. */
export function ask({ storage }: Api, { type, id }: Resource, request: StorageRequest): Promise<Response> {
  return storage.fetch({ type, id }, request);
}

/** Deletes one with all that is in it. What is in it goes first: when that fails, the rest is as it was, and can be deleted again. */
export async function remove({ catalog, storage }: Api, { type, id }: Resource): Promise<void> {
  await storage.forget({ type, id });
  await catalog.removeResource(type, id);
}

/** As `pageReply`; lists of these do not say how many pages there are. */
export function paged<T>(all: readonly T[], query: Pages, show: (item: T) => unknown): Reply {
  const { items, info } = pageOf(all, query);
  const { total_pages: _pages, ...rest } = info;
  return { result: items.map(show), info: rest };
}
