/** Tokens: made here, kept as hashes, and compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import type { Principal, Role } from "../model/platform/roles.ts";
import type { CredentialStore, TokenRecord } from "../ports/catalog/credentials.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";

/** A token, which is nowhere but here, and what is kept of it. */
export interface MadeToken {
  readonly token: string;
  readonly record: TokenRecord;
}

/** What tokens are made with. */
interface Mint {
  readonly clock: Pick<Clock, "now">;
  readonly ids: Ids;
}

/** Makes a token, which is worth nothing before its record is stored. */
export function makeToken({ clock, ids }: Mint, { label, role }: Pick<TokenRecord, "label" | "role">): MadeToken {
  const token = `sw_${ids.secret()}`;
  return { token, record: { id: ids.uuid(), label, hash: digest(token).toString("hex"), role, createdAt: clock.now() } };
}

/** Makes a token and stores its hash. Fails with `access.too_many`. */
export async function createToken(
  { catalog, ...mint }: Mint & { readonly catalog: CredentialStore },
  about: Pick<TokenRecord, "label" | "role">,
): Promise<MadeToken> {
  if ((await catalog.tokens()).length >= LIMITS.tokens) throw new Failure("access.too_many", { field: "body" });
  const made = makeToken(mint, about);
  await catalog.putToken(made.record);
  return made;
}

/** The record of a token; undefined for an unknown token. */
export async function recordOf(catalog: CredentialStore, token: string): Promise<TokenRecord | undefined> {
  const given = digest(token);
  let found: TokenRecord | undefined;
  // All of them are compared, so that the time it takes says nothing about which.
  for (const record of await catalog.tokens()) {
    const known = Buffer.from(record.hash, "hex");
    if (known.length === given.length && timingSafeEqual(known, given)) found = record;
  }
  return found;
}

/** Who asks with a token. */
export function tokenPrincipal({ id, label, role }: { id: string; label: string; role: Role }): Principal {
  return { kind: "token", id, name: label === "" ? id.slice(0, 8) : label, role };
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
