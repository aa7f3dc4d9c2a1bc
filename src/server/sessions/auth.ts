/** Authenticates requests by token. Cloudflare's three ways to send one are accepted. */
import type { CredentialStore } from "../../ports/catalog/credentials.ts";
import { recordOf, tokenPrincipal } from "../../access/tokens.ts";
import { Failure } from "../../model/failures/failure.ts";
import { LOCAL, type Principal } from "../../model/platform/roles.ts";

/** Identifies the client; undefined when it is not let in. */
export type Guard = (headers: Headers, method: string) => Promise<Principal | undefined>;

/** For `dev` on loopback: every client that reaches the server may use it. */
export const openGuard: Guard = () => Promise.resolve(LOCAL);

/** Asks for a token that the catalogue has the hash of. */
export function tokenGuard(catalog: CredentialStore): Guard {
  return async (headers) => {
    const token = tokenOf(headers);
    const record = token === undefined ? undefined : await recordOf(catalog, token);
    return record && tokenPrincipal(record);
  };
}

/**
 * The failure for a request that a guard has refused. Cloudflare uses one code for an unknown token and another for a missing
 * one: on the latter wrangler goes on to ask who it is, is refused again, and shows a stack instead of the reason.
 */
export function refusal(headers: Headers): Failure {
  return new Failure(hasToken(headers) ? "authentication.token" : "authentication");
}

/** True for a request that sends a token, be it a wrong one. */
export function hasToken(headers: Headers): boolean {
  return tokenOf(headers) !== undefined;
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-auth-key") ?? headers.get("x-auth-user-service-key") ?? undefined;
}
