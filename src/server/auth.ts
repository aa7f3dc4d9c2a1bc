/** Who may ask: tokens, kept as hashes and compared in constant time. Cloudflare's three ways to send one are taken. */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { Failure } from "../model/errors.ts";
import type { Catalog, TokenRecord } from "../ports/catalog.ts";

/** Decides whether a request may use the control plane. */
export type Guard = (headers: Headers, method: string) => Promise<boolean>;

/** For `dev` on loopback: whoever reaches the server may use it. */
export const openGuard: Guard = () => Promise.resolve(true);

/** Asks for a token that the catalogue has the hash of. */
export function tokenGuard(catalog: Catalog): Guard {
  return async (headers) => {
    const token = tokenOf(headers);
    return token !== undefined && (await tokenIdOf(catalog, token)) !== undefined;
  };
}

/** The id of a token that the catalogue has the hash of. */
export async function tokenIdOf(catalog: Catalog, token: string): Promise<string | undefined> {
  const given = digest(token);
  let found: string | undefined;
  // All of them are compared, so that the time it takes says nothing about which.
  for (const { id, hash } of await catalog.tokens()) {
    const known = Buffer.from(hash, "hex");
    if (known.length === given.length && timingSafeEqual(known, given)) found = id;
  }
  return found;
}

/** Makes a token and stores its hash. The token itself is nowhere but in the answer. */
export async function createToken(
  catalog: Catalog,
  label: string,
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  const token = `sw_${randomBytes(32).toString("base64url")}`;
  const record = { id: randomUUID(), label, hash: digest(token).toString("hex"), createdAt: Date.now() };
  await catalog.putToken(record);
  return { token, record };
}

/**
 * What a request is told that a guard has refused. Cloudflare has another code for a token that it does not know than for
 * none: on the latter wrangler goes on to ask who it is, is refused that as well, and shows a stack instead of the reason.
 */
export function refusal(headers: Headers): Failure {
  return new Failure(tokenOf(headers) === undefined ? "authentication" : "authentication.token");
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-auth-key") ?? headers.get("x-auth-user-service-key") ?? undefined;
}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
