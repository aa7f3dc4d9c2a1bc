/** How the values of secrets in stores are sealed: each for its own place, so that rows cannot be exchanged. */
import { decode, encode, type Encoded } from "../../model/values/value.ts";
import type { StoreSecret } from "../../ports/catalog/secrets-stores.ts";
import type { Place, Vault } from "../../ports/vault.ts";

type Address = Pick<StoreSecret, "store" | "id">;

export function sealSecret(vault: Vault, address: Address, value: string): Encoded {
  return vault.seal(encode(value), placeOf(address));
}

/** @throws Failure `vault.key_missing`, `vault.damaged`. */
export function openSecret(vault: Vault, secret: StoreSecret): string {
  return String(decode(vault.open(secret.value, placeOf(secret))));
}

/** No workflow has an empty name, and no secret of a script is called so. */
function placeOf({ store, id }: Address): Place {
  return { workflow: "", instance: store, step: `store secret ${id}` };
}
