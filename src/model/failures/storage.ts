/** Entries of the failure catalogue: KV, D1, R2 and secrets stores. Codes and texts are Cloudflare's where they are known. */
import type { FailureTable } from "./kind.ts";

/** As `FailureKind`, by name. */
export const STORAGE_FAILURES = {
  "storage.unavailable": { code: 10970, status: 503, sentence: "The storage process for KV, D1 and R2 is unavailable" },
  "storage.unbound": {
    code: 10971,
    status: 400,
    message: "detail",
    sentence: "The resource of a binding does not exist",
    hint: "Correct the binding, or create the resource: with wrangler, with PUT /api/v1/resources under the id of the configuration, or with serve --adopt-ids always.",
  },
  "kv.not_found": { code: 10013, status: 404, message: "namespace not found", sentence: "Namespace not found" },
  "kv.already_exists": {
    code: 10014,
    status: 400,
    message: "A namespace with this account ID and title already exists.",
    sentence: "A namespace with this title already exists",
  },
  "kv.key_not_found": { code: 10009, status: 404, message: "get: 'key not found'", sentence: "Key not found" },
  "kv.refused": { code: 10972, status: 400, message: "detail", sentence: "The request is not valid" },
  "d1.not_found": {
    code: 7404,
    status: 404,
    message: "detail",
    sentence: "Database not found",
    hint: "Deploy the Worker first, which creates the database under the id of the configuration, or create it with PUT /api/v1/resources.",
  },
  "d1.already_exists": {
    code: 7502,
    status: 400,
    message: "Database with name already exists",
    sentence: "A database with this name already exists",
  },
  "d1.refused": { code: 7500, status: 400, message: "detail", sentence: "The statement failed" },
  "r2.not_found": {
    code: 10006,
    status: 404,
    message: "The specified bucket does not exist.",
    sentence: "Bucket not found",
  },
  "r2.already_exists": {
    code: 10004,
    status: 409,
    message: "The bucket you tried to create already exists, and you own it.",
    sentence: "A bucket with this name already exists",
  },
  "r2.invalid_name": {
    code: 10005,
    status: 400,
    message: "The specified bucket name is not valid.",
    sentence: "The bucket name must be 3 to 63 lower-case letters, digits and -, with no - at either end",
  },
  "r2.not_empty": {
    code: 10008,
    status: 409,
    message: "The bucket you tried to delete is not empty.",
    sentence: "The bucket is not empty",
    hint: "Delete its objects first.",
  },
  "r2.object_not_found": {
    code: 10007,
    status: 404,
    message: "The specified key does not exist.",
    sentence: "Object not found",
  },
  "r2.no_length": { code: 10974, status: 411, message: "detail", sentence: "Content-Length is required" },
  "r2.refused": { code: 10975, status: 400, message: "detail", sentence: "The request is not valid" },
  "secrets_store.not_found": { code: 10952, status: 404, sentence: "Secrets store not found" },
  "secrets_store.already_exists": { code: 10953, status: 409, sentence: "A secrets store with this name already exists" },
  "secrets_store.too_many": { code: 10954, status: 400, message: "detail", sentence: "Limit of the secrets store exceeded" },
  "secrets_store.secret_not_found": { code: 10955, status: 404, sentence: "Secret not found in the store" },
  "secrets_store.secret_exists": { code: 10956, status: 409, sentence: "A secret with this name already exists in the store" },
} as const satisfies FailureTable;
