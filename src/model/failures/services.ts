/** The part of the catalogue (`errors.ts`) about what Workers are to one another and to their clients. */
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
    sentence: "A service binding is to a Worker that is not there",
  },
  "script.referenced": {
    code: 10987,
    status: 409,
    message: "detail",
    sentence: "Other Workers are bound to this one",
    hint: "Deploy them without the binding first, or delete with force=true.",
  },
  "script.no_sockets": {
    code: 10985,
    status: 501,
    sentence: "Workers on this server take no WebSockets",
    hint: "Start the server with --executor workerd.",
  },
  "script.too_many_sockets": {
    code: 10986,
    status: 503,
    sentence: `There may be ${LIMITS.workerSockets} WebSockets of Workers`,
    hint: "Try again when others have closed.",
  },
  "assets.session": {
    code: 10988,
    status: 400,
    sentence: "The static assets have not been announced, or not all of them sent, since the server was started",
    hint: "Deploy again.",
  },
  "assets.invalid": { code: 10989, status: 400, message: "detail", sentence: "A static asset cannot be taken" },
  "objects.tag": { code: 10079, status: 412, message: "detail", sentence: "Migration tag precondition failed" },
  "objects.migration": {
    code: 10074,
    status: 400,
    message: "detail",
    sentence: "A migration of Durable Objects cannot be applied",
  },
  "objects.in_a_version": {
    code: 10211,
    status: 400,
    message: "detail",
    sentence: "A migration of Durable Objects has to be deployed: a version alone may not bring one",
  },
  "objects.class_missing": {
    code: 10064,
    status: 400,
    message: "detail",
    sentence: "A class that has Durable Objects is missing",
  },
  "objects.not_a_class": {
    code: 10061,
    status: 400,
    message: "detail",
    sentence: "A binding is to a class without Durable Objects",
  },
} as const satisfies FailureTable;
