/**
 * Concurrency keys: names with a limit, which steps of several workflows are to share. They are kept and given back, and
 * limit nothing yet: how a step names a key is not public (docs/decisions/0027).
 */
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import { isWorkflowName } from "../../../model/platform/names.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { Catalog } from "../../../ports/catalog.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { deployMessages } from "../../endpoint/envelope.ts";
import { page, pageInfo, perPage, timestamp } from "./schemas.ts";

/** Where the catalogue keeps them. */
const SETTING = "concurrency-keys";

interface Key {
  readonly id: string;
  readonly name: string;
  readonly limit: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

const limit = z.number().int().min(1);

const shown = z.object({ id: z.string(), name: z.string(), limit: z.int(), created_on: timestamp, modified_on: timestamp });

const KEYS = "/accounts/{account_id}/workflows/concurrency";
const KEY = `${KEYS}/{key_id}` as const;

/** Keys of the account: list, make, read, change and delete them. */
export const concurrency: readonly Endpoint[] = [
  endpoint({
    method: "get",
    path: KEYS,
    summary: "List concurrency keys, newest first",
    query: z.object({ page: page.default(1), per_page: perPage(50) }),
    result: z.array(shown),
    handle: async ({ query }, api) => {
      const keys = await read(api);
      const from = (query.page - 1) * query.per_page;
      const result = keys
        .toReversed()
        .slice(from, from + query.per_page)
        .map(show);
      return { result, info: pageInfo(query, result.length, keys.length) };
    },
  }),
  endpoint({
    method: "post",
    path: KEYS,
    needs: "admin",
    summary: `Create a concurrency key (at most ${LIMITS.concurrencyKeys}); it is stored, but not enforced yet`,
    body: z.object({
      name: z.string().refine(isWorkflowName, "Use 1 to 64 letters, digits, _ and -, not starting with -"),
      limit,
    }),
    result: shown,
    handle: async ({ body }, { catalog, log }) => {
      const now = Date.now();
      const made: Key = { id: crypto.randomUUID(), ...body, createdAt: now, modifiedAt: now };
      await change(catalog, (keys) => {
        if (keys.some(({ name }) => name === made.name)) throw new Failure("concurrency.already_exists", { field: "name" });
        if (keys.length >= LIMITS.concurrencyKeys) throw new Failure("concurrency.too_many", { field: "body" });
        return [...keys, made];
      });
      const message = "Concurrency keys are stored and returned, but not enforced yet";
      log.warn(message, { key: made.name });
      return { result: show(made), messages: deployMessages([message]) };
    },
  }),
  endpoint({
    method: "get",
    path: KEY,
    summary: "Read a concurrency key",
    result: shown,
    handle: async ({ params }, api) => ({ result: show(keyOf(await read(api), params.key_id)) }),
  }),
  endpoint({
    method: "patch",
    path: KEY,
    needs: "admin",
    summary: "Change the limit of a concurrency key",
    body: z.object({ limit }),
    result: shown,
    handle: async ({ params, body }, { catalog }) => {
      const keys = await change(catalog, (before) => {
        const changed = { ...keyOf(before, params.key_id), limit: body.limit, modifiedAt: Date.now() };
        return before.map((each) => (each.id === changed.id ? changed : each));
      });
      return { result: show(keyOf(keys, params.key_id)) };
    },
  }),
  endpoint({
    method: "delete",
    path: KEY,
    needs: "admin",
    summary: "Delete a concurrency key",
    result: z.object({ id: z.string() }),
    handle: async ({ params }, { catalog }) => {
      await change(catalog, (keys) => {
        const { id } = keyOf(keys, params.key_id);
        return keys.filter((each) => each.id !== id);
      });
      return { result: { id: params.key_id } };
    },
  }),
];

async function read({ catalog }: Pick<Api, "catalog">): Promise<readonly Key[]> {
  return parse(await catalog.setting(SETTING));
}

/** Answers the keys as they are then. A refusal has changed nothing. */
async function change(catalog: Catalog, to: (keys: readonly Key[]) => readonly Key[]): Promise<readonly Key[]> {
  let keys: readonly Key[] = [];
  await catalog.changeSetting(SETTING, (json) => JSON.stringify((keys = to(parse(json)))));
  return keys;
}

/** Oldest first. */
function parse(json: string | undefined): readonly Key[] {
  return json === undefined ? [] : (JSON.parse(json) as readonly Key[]);
}

function keyOf(keys: readonly Key[], id: string): Key {
  const key = keys.find((each) => each.id === id);
  if (key === undefined) throw new Failure("concurrency.not_found", { field: "key_id" });
  return key;
}

function show({ id, name, limit: most, createdAt, modifiedAt }: Key): z.input<typeof shown> {
  return { id, name, limit: most, created_on: iso(createdAt), modified_on: iso(modifiedAt) };
}
