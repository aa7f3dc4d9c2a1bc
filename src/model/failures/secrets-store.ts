/** Entries of the failure catalogue: secrets stores. Codes are ours. */
import type { FailureTable } from "./kind.ts";

export const SECRETS_STORE_FAILURES = {
  "secrets_store.not_found": { code: 10952, status: 404, sentence: "Secrets store not found" },
  "secrets_store.already_exists": { code: 10953, status: 409, sentence: "A secrets store with this name already exists" },
  "secrets_store.too_many": { code: 10954, status: 400, message: "detail", sentence: "Limit of the secrets store exceeded" },
  "secrets_store.secret_not_found": { code: 10955, status: 404, sentence: "Secret not found in the store" },
  "secrets_store.secret_exists": { code: 10956, status: 409, sentence: "A secret with this name already exists in the store" },
} as const satisfies FailureTable;
