/** Stores of secrets that several Workers may read. What is in them is in `secrets.ts`. */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { SecretsStore } from "../../../ports/catalog/secrets-stores.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { paged } from "../storage/storage.ts";
import { pages } from "../workflows/schemas.ts";

const STORES = "/accounts/{account_id}/secrets_store/stores";

/** One of them. */
export const STORE: `${typeof STORES}/{store_id}` = `${STORES}/{store_id}`;

const name = z.string().min(1).max(255);

const shown = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  created: z.iso.datetime(),
  modified: z.iso.datetime(),
});

function show({ id, name: called, createdAt, modifiedAt }: SecretsStore, { accountId }: Api): z.input<typeof shown> {
  return { id, account_id: accountId, name: called, created: iso(createdAt), modified: iso(modifiedAt) };
}

/** Makes a store. */
export async function makeStore({ catalog, clock }: Api, id: string, called: string): Promise<SecretsStore> {
  const { length } = await catalog.secretsStores();
  if (length >= LIMITS.secretsStores) throw new Failure("secrets_store.too_many", { detail: `There are ${length} stores` });
  const now = clock.now();
  const store = { id, name: called, createdAt: now, modifiedAt: now };
  if (!(await catalog.addSecretsStore(store))) throw new Failure("secrets_store.already_exists", { field: "name" });
  return store;
}

/** Stores, by id. */
export const secretsStores: readonly Endpoint[] = [
  endpoint("get", STORES, {
    summary: "List stores of secrets, by name",
    query: z.object({
      ...pages(10),
      order: z.string().optional(),
      direction: z.string().optional(),
    }),
    result: z.array(shown),
    handle: async ({ query }, api) => paged(await api.catalog.secretsStores(), query, (store) => show(store, api)),
  }),
  endpoint("post", STORES, {
    needs: "admin",
    summary: "Make a store of secrets",
    body: z.object({ name }),
    result: shown,
    handle: async ({ body }, api) => ({ result: show(await makeStore(api, api.ids.uuid().replaceAll("-", ""), body.name), api) }),
  }),
  endpoint("delete", STORE, {
    needs: "admin",
    summary: "Delete a store with all its secrets",
    handle: async ({ params }, { catalog }) => {
      if (!(await catalog.removeSecretsStore(params.store_id))) throw new Failure("secrets_store.not_found");
    },
  }),
];
