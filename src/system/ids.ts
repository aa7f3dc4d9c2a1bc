/** Ids and secrets from the machine's source of randomness. */
import type { Ids } from "../ports/ids.ts";

const SECRET_BYTES = 32;

export const systemIds: Ids = {
  uuid: () => crypto.randomUUID(),
  secret: () => Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url"),
  chance: () => Math.random(),
};
