/** Answers what user code asks of the secrets in stores. */
import { Failure } from "../../model/failures/failure.ts";
import { encode } from "../../model/values/value.ts";
import type { SecretsStores } from "../../ports/catalog/secrets-stores.ts";
import type { Vault } from "../../ports/vault.ts";
import type { Answer } from "../answer.ts";
import type { FoundSecret } from "./client.ts";
import { openSecret } from "./sealed.ts";

/** Reads them from `catalog`. One that is not for Workers counts as missing. */
export function storeSecrets(catalog: Pick<SecretsStores, "storeSecretNamed">, vault: Vault): Answer<"secrets_store_secret"> {
  return async ({ method }, { storeId, secret: name }) => {
    if (method !== "get") throw new Failure("body", { detail: `A secret has no method "${method}"` });
    const secret = await catalog.storeSecretNamed(storeId, name);
    const isReadable = secret?.scopes.includes("workers") === true;
    const found: FoundSecret = isReadable ? { value: openSecret(vault, secret) } : { missing: name };
    return encode(found);
  };
}
