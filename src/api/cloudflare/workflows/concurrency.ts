/**
 * Concurrency keys: names with a limit, which steps of several workflows are to share. They are kept and given back, and
 * limit nothing yet: how a step names a key is not public (docs/decisions/0027).
 */
import { z } from "zod";
import { LIMITS } from "../../../model/limits.ts";
import { isWorkflowName } from "../../../model/platform/names.ts";
import { iso } from "../../../model/time/calendar.ts";
import type { ConcurrencyKey } from "../../../ports/catalog/concurrency.ts";
import {
  changeConcurrencyKey,
  keyOf,
  makeConcurrencyKey,
  removeConcurrencyKey,
} from "../../../workers/deploy/concurrency-keys.ts";
import { endpoint, type Endpoint } from "../../endpoint/endpoint.ts";
import { deployMessages } from "../../endpoint/envelope.ts";
import { timestamp, pageReply, pages } from "./schemas.ts";

const limit = z.number().int().min(1);

const shown = z.object({ id: z.string(), name: z.string(), limit: z.int(), created_on: timestamp, modified_on: timestamp });

const KEYS = "/accounts/{account_id}/workflows/concurrency";
const KEY = `${KEYS}/{key_id}` as const;

/** Keys of the account: list, make, read, change and delete them. */
export const concurrency: readonly Endpoint[] = [
  endpoint("get", KEYS, {
    summary: "List concurrency keys, newest first",
    query: z.object(pages(50)),
    result: z.array(shown),
    handle: async ({ query }, api) => pageReply((await api.catalog.concurrencyKeys()).toReversed(), query, show),
  }),
  endpoint("post", KEYS, {
    needs: "admin",
    summary: `Create a concurrency key (at most ${LIMITS.concurrencyKeys}); it is stored, but not enforced yet`,
    body: z.object({
      name: z.string().refine(isWorkflowName, "Use 1 to 64 letters, digits, _ and -, not starting with -"),
      limit,
    }),
    result: shown,
    handle: async ({ body }, api) => {
      const made = await makeConcurrencyKey(api, body);
      const message = "Concurrency keys are stored and returned, but not enforced yet";
      api.log.warn(message, { key: made.name });
      return { result: show(made), messages: deployMessages([message]) };
    },
  }),
  endpoint("get", KEY, {
    summary: "Read a concurrency key",
    result: shown,
    handle: async ({ params }, api) => ({ result: show(keyOf(await api.catalog.concurrencyKeys(), params.key_id)) }),
  }),
  endpoint("patch", KEY, {
    needs: "admin",
    summary: "Change the limit of a concurrency key",
    body: z.object({ limit }),
    result: shown,
    handle: async ({ params, body }, api) => ({
      result: show(await changeConcurrencyKey(api, params.key_id, body.limit)),
    }),
  }),
  endpoint("delete", KEY, {
    needs: "admin",
    summary: "Delete a concurrency key",
    result: z.object({ id: z.string() }),
    handle: async ({ params }, { catalog }) => {
      await removeConcurrencyKey(catalog, params.key_id);
      return { result: { id: params.key_id } };
    },
  }),
];

function show({ id, name, limit: most, createdAt, modifiedAt }: ConcurrencyKey): z.input<typeof shown> {
  return { id, name, limit: most, created_on: iso(createdAt), modified_on: iso(modifiedAt) };
}
