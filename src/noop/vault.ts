/** The vault of an engine that was given none. */
import { Failure } from "../model/failures/failure.ts";
import { isSealed } from "../model/values/value.ts";
import type { Vault } from "../ports/vault.ts";

/** Seals nothing, and has no key to what another vault has sealed. */
export const noVault: Vault = {
  seal: (value) => value,
  open: (value) => {
    if (isSealed(value)) throw new Failure("vault.key_missing");
    return value;
  },
  sealBytes: (piece) => piece,
  openBytes: (piece) => piece,
};
