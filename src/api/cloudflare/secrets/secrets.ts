/** The secrets of a store: to make, change, list and delete them. Their values are never sent. */
import { z } from "zod";
import { openSecret, sealSecret } from "../../../bindings/secrets-store/sealed.ts";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { StoreSecret } from "../../../ports/catalog/secrets-stores.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { paged } from "../storage/storage.ts";
import { pages } from "../workflows/schemas.ts";
import { makeStore, STORE } from "./stores.ts";

const SECRETS = `${STORE}/secrets` as const;
const SECRET = `${SECRETS}/{secret_id}` as const;

const name = z
  .string()
  .max(255)
  .regex(/^[\w-]+$/, "A secret's name has letters, digits, _ and -");

const value = z
  .string()
  .refine(
    (text) => new TextEncoder().encode(text).length <= LIMITS.storeSecretBytes,
    `A value has at most ${LIMITS.storeSecretBytes} bytes`,
  );

const scopes = z.array(z.string().min(1).max(64)).max(16);

const comment = z.string().max(1_024);

const labelled = z.object({ name, scopes, comment: comment.default("") });

const shown = z.object({
  id: z.string(),
  store_id: z.string(),
  name: z.string(),
  comment: z.string(),
  scopes: z.array(z.string()),
  status: z.literal("active"),
  created: z.iso.datetime(),
  modified: z.iso.datetime(),
});

function show({ id, store, name: called, comment: about, scopes: of, ...at }: StoreSecret): z.input<typeof shown> {
  const times = { created: iso(at.createdAt), modified: iso(at.modifiedAt) };
  return { id, store_id: store, name: called, comment: about, scopes: [...of], status: "active", ...times };
}

async function found({ catalog }: Api, store: string, id: string): Promise<StoreSecret> {
  const secret = (await catalog.storeSecrets(store)).find((each) => each.id === id);
  if (secret === undefined) throw new Failure("secrets_store.secret_not_found");
  return secret;
}

/** A store that is not there is made, so that a project keeps the id in its configuration. */
async function add(
  api: Api,
  store: string,
  wanted: readonly (z.output<typeof labelled> & { value: string })[],
): Promise<object[]> {
  const { catalog, clock, ids, vault } = api;
  const { length } = await catalog.storeSecrets(store);
  if (length + wanted.length > LIMITS.storeSecrets)
    throw new Failure("secrets_store.too_many", { detail: `The store has ${length} secrets` });
  // Before there is a store for them: one that is refused leaves none.
  if (new Set(wanted.map((each) => each.name)).size < wanted.length)
    throw new Failure("secrets_store.secret_exists", { field: "name" });
  if (!(await catalog.secretsStores()).some(({ id }) => id === store)) await makeStore(api, store, store);
  const now = clock.now();
  const secrets = wanted.map(({ value: text, ...label }): StoreSecret => {
    const id = ids.uuid().replaceAll("-", "");
    return { ...label, id, store, value: sealSecret(vault, { store, id }, text), createdAt: now, modifiedAt: now };
  });
  if (!(await catalog.addStoreSecrets(secrets))) throw new Failure("secrets_store.secret_exists", { field: "name" });
  return secrets.map(show);
}

/** Secrets, by store and id. */
export const storesSecrets: readonly Endpoint[] = [
  endpoint("get", SECRETS, {
    summary: "List the secrets of a store, by name, without their values",
    query: z.object({
      ...pages(10),
      search: z.string().optional(),
      order: z.string().optional(),
      direction: z.string().optional(),
    }),
    result: z.array(shown),
    handle: async ({ params, query }, { catalog }) => {
      const { search = "" } = query;
      const matching = (await catalog.storeSecrets(params.store_id)).filter((each) => each.name.includes(search));
      return paged(matching, query, show);
    },
  }),
  endpoint("post", SECRETS, {
    needs: "admin",
    summary: "Add secrets to a store, all or none; the store is made if it is not there",
    body: z.array(labelled.extend({ value })).min(1).max(LIMITS.batch),
    maxBody: LIMITS.valueBodyBytes,
    result: z.array(shown),
    handle: async ({ params, body }, api) => ({ result: await add(api, params.store_id, body) }),
  }),
  endpoint("get", SECRET, {
    summary: "Read a secret of a store, without its value",
    result: shown,
    handle: async ({ params }, api) => ({ result: show(await found(api, params.store_id, params.secret_id)) }),
  }),
  endpoint("patch", SECRET, {
    needs: "admin",
    summary: "Change a secret of a store; Workers read the new value at once",
    body: z.object({ value: value.optional(), scopes: scopes.optional(), comment: comment.optional(), name: name.optional() }),
    result: shown,
    handle: async ({ params, body }, api) => {
      const { value: text, scopes: of, comment: about } = body;
      const { id, store } = await found(api, params.store_id, params.secret_id);
      const sealed = text === undefined ? undefined : sealSecret(api.vault, { store, id }, text);
      const change = { id, store, value: sealed, scopes: of, comment: about, modifiedAt: api.clock.now() };
      if (!(await api.catalog.changeStoreSecret(change))) throw new Failure("secrets_store.secret_not_found");
      return { result: show(await found(api, store, id)) };
    },
  }),
  endpoint("delete", SECRET, {
    needs: "admin",
    summary: "Delete a secret of a store",
    result: shown,
    handle: async ({ params }, api) => {
      const secret = await found(api, params.store_id, params.secret_id);
      if (!(await api.catalog.removeStoreSecret(secret.store, secret.id))) throw new Failure("secrets_store.secret_not_found");
      return { result: show(secret) };
    },
  }),
  endpoint("post", `${SECRET}/duplicate`, {
    needs: "admin",
    summary: "Add a secret with the value of another one",
    body: labelled,
    result: shown,
    handle: async ({ params, body }, api) => {
      const secret = await found(api, params.store_id, params.secret_id);
      const [made] = await add(api, secret.store, [{ ...body, value: openSecret(api.vault, secret) }]);
      return { result: made };
    },
  }),
];
