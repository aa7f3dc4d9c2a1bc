/** The part of the catalogue (`errors.ts`) about what Workers are to one another and to their clients. */
import type { FailureKind } from "./failure-kind.ts";
import { LIMITS } from "./limits.ts";

export type ServiceFailureName = "script.no_sockets" | "script.too_many_sockets";

export const SERVICE_FAILURES: Readonly<Record<ServiceFailureName, FailureKind>> = {
  "script.no_sockets": {
    code: 10970,
    status: 501,
    sentence: "Workers on this server take no WebSockets",
    hint: "Start the server with --executor workerd.",
  },
  "script.too_many_sockets": {
    code: 10971,
    status: 503,
    sentence: `There may be ${LIMITS.workerSockets} WebSockets of Workers`,
    hint: "Try again when others have closed.",
  },
};
