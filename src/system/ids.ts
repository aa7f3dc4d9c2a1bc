/** Ids from the machine's source of randomness. */
import type { Ids } from "../ports/ids.ts";

export const systemIds: Ids = { uuid: () => crypto.randomUUID() };
