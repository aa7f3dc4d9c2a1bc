/** Entries of the failure catalogue: service bindings, WebSockets, static assets and Durable Objects of Workers. */
import type { FailureTable } from "./kind.ts";
import { LIMITS } from "../limits.ts";

export const SERVICE_FAILURES = {
  "catalog.conflict": {
    code: 10991,
    status: 409,
    sentence: "Other deployments were faster than this change, each time",
    hint: "Nothing has changed. Try again.",
  },
  "script.service_missing": {
    code: 10143,
    status: 400,
    message: "detail",
    sentence: "The Worker of a service binding does not exist",
  },
  "script.referenced": {
    code: 10987,
    status: 409,
    message: "detail",
    sentence: "Other Workers have bindings to this Worker",
    hint: "Deploy those Workers without the binding first, or delete with force=true.",
  },
  "script.no_sockets": {
    code: 10985,
    status: 501,
    sentence: "Workers on this server do not support WebSockets",
    hint: "Start the server with --executor workerd.",
  },
  "script.too_many_sockets": {
    code: 10986,
    status: 503,
    sentence: `At most ${LIMITS.workerSockets} WebSockets of Workers may be open`,
    hint: "Retry when others have closed.",
  },
  "assets.session": {
    code: 10988,
    status: 400,
    sentence: "The upload of the static assets is incomplete or was lost in a restart of the server",
    hint: "Deploy again.",
  },
  "assets.invalid": { code: 10989, status: 400, message: "detail", sentence: "The static asset is not valid" },
  "objects.tag": { code: 10079, status: 412, message: "detail", sentence: "Migration tag precondition failed" },
  "objects.migration": {
    code: 10074,
    status: 400,
    message: "detail",
    sentence: "The Durable Object migration cannot be applied",
  },
  "objects.in_a_version": {
    code: 10211,
    status: 400,
    message: "detail",
    sentence: "A Durable Object migration must be deployed; it cannot be part of a version upload",
  },
  "objects.class_missing": {
    code: 10064,
    status: 400,
    message: "detail",
    sentence: "A class with existing Durable Objects is missing",
  },
  "objects.not_a_class": {
    code: 10061,
    status: 400,
    message: "detail",
    sentence: "The class of the binding is not a Durable Object class",
  },
} as const satisfies FailureTable;
