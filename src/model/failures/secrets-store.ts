/** The part of the catalogue of failures that is about stores of secrets. Codes are ours. */
import type { FailureKind } from "./kind.ts";

/** The name of such a failure. */
export type SecretsStoreFailureName =
  | "secrets_store.not_found"
  | "secrets_store.already_exists"
  | "secrets_store.too_many"
  | "secrets_store.secret_not_found"
  | "secrets_store.secret_exists";

/** As `FailureKind`, by name. */
export const SECRETS_STORE_FAILURES: Readonly<Record<SecretsStoreFailureName, FailureKind>> = {
  "secrets_store.not_found": { code: 10952, status: 404, sentence: "There is no such store of secrets" },
  "secrets_store.already_exists": { code: 10953, status: 409, sentence: "There is a store of secrets of this name" },
  "secrets_store.too_many": { code: 10954, status: 400, message: "detail", sentence: "There are too many of them" },
  "secrets_store.secret_not_found": { code: 10955, status: 404, sentence: "The store has no such secret" },
  "secrets_store.secret_exists": { code: 10956, status: 409, sentence: "The store has a secret of this name" },
};
