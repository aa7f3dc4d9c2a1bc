/** Ids and secrets of this machine's source of chance. */
import type { Ids } from "./ids.ts";

const SECRET_BYTES = 32;

export const randomIds: Ids = {
  uuid: () => crypto.randomUUID(),
  secret: () => Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url"),
};
