/** The part of the catalogue of failures that is about KV, D1, R2 and stores of secrets. Codes and texts are Cloudflare's where they are known. */
import type { FailureKind } from "./kind.ts";
import { SECRETS_STORE_FAILURES, type SecretsStoreFailureName } from "./secrets-store.ts";

/** The name of such a failure. */
export type StorageFailureName =
  | SecretsStoreFailureName
  | "storage.unavailable"
  | "storage.unbound"
  | "kv.not_found"
  | "kv.already_exists"
  | "kv.key_not_found"
  | "kv.refused"
  | "d1.not_found"
  | "d1.already_exists"
  | "d1.refused"
  | "r2.not_found"
  | "r2.already_exists"
  | "r2.invalid_name"
  | "r2.not_empty"
  | "r2.object_not_found"
  | "r2.no_length"
  | "r2.refused";

/** As `FailureKind`, by name. */
export const STORAGE_FAILURES: Readonly<Record<StorageFailureName, FailureKind>> = {
  ...SECRETS_STORE_FAILURES,
  "storage.unavailable": { code: 10970, status: 503, sentence: "What keeps KV, D1 and R2 cannot be reached" },
  "storage.unbound": {
    code: 10971,
    status: 400,
    message: "detail",
    sentence: "A binding leads to something that is not there",
    hint: "Correct the binding, or make it: with wrangler, under the given id with PUT /api/v1/resources, or serve --adopt-ids always.",
  },
  "kv.not_found": { code: 10013, status: 404, message: "namespace not found", sentence: "There is no such namespace" },
  "kv.already_exists": {
    code: 10014,
    status: 400,
    message: "A namespace with this account ID and title already exists.",
    sentence: "There is a namespace of this title",
  },
  "kv.key_not_found": { code: 10009, status: 404, message: "get: 'key not found'", sentence: "The namespace has no such key" },
  "kv.refused": { code: 10972, status: 400, message: "detail", sentence: "The request is not valid" },
  "d1.not_found": {
    code: 7404,
    status: 404,
    message: "detail",
    sentence: "There is no such database",
    hint: "Deploy the Worker first: that makes it under the id in the configuration. Or make it with PUT /api/v1/resources.",
  },
  "d1.already_exists": {
    code: 7502,
    status: 400,
    message: "Database with name already exists",
    sentence: "There is a database of this name",
  },
  "d1.refused": { code: 7500, status: 400, message: "detail", sentence: "The statement cannot be carried out" },
  "r2.not_found": {
    code: 10006,
    status: 404,
    message: "The specified bucket does not exist.",
    sentence: "There is no such bucket",
  },
  "r2.already_exists": {
    code: 10004,
    status: 409,
    message: "The bucket you tried to create already exists, and you own it.",
    sentence: "There is a bucket of this name",
  },
  "r2.invalid_name": {
    code: 10005,
    status: 400,
    message: "The specified bucket name is not valid.",
    sentence: "A bucket's name is 3 to 63 lower-case letters, digits and -, with no - at either end",
  },
  "r2.not_empty": {
    code: 10008,
    status: 409,
    message: "The bucket you tried to delete is not empty.",
    sentence: "The bucket has objects in it",
    hint: "Delete them first.",
  },
  "r2.object_not_found": {
    code: 10007,
    status: 404,
    message: "The specified key does not exist.",
    sentence: "There is no such object",
  },
  "r2.no_length": { code: 10974, status: 411, message: "detail", sentence: "An object is sent with its Content-Length" },
  "r2.refused": { code: 10975, status: 400, message: "detail", sentence: "The request is not valid" },
};
