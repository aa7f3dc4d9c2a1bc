/** Compatibility date and flags, as a script declares them and as workerd is given them. */
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import { NEWEST_DATE } from "../child/binary.ts";
import { importsEmail, withOlderRegistry } from "./email.ts";

/** Without these the runtime cannot work, whatever the date. Scripts notice them by what is there in addition. */
const FORCED = ["allow_importable_env", "enable_ctx_exports", "handle_cross_request_promise_resolution", "nodejs_als"];

/** Their opposites are passed over. */
const UNDONE = new Set([
  "disallow_importable_env",
  "disable_ctx_exports",
  "no_handle_cross_request_promise_resolution",
  "no_nodejs_als",
]);

/** Flags of workflows that workerd takes only as an experiment. Of the others it knows which there are, and which contradict each other. */
const EXPERIMENTS = new Set(["workflows_step_rollback", "workflows_bindings_rpc"]);

/** A script without a date gets the newest one, and so does one whose date this workerd has not come to yet. */
export function compatibility(version: ScriptVersion): {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
} {
  const { compatibilityDate = NEWEST_DATE, compatibilityFlags } = version;
  const known = compatibilityFlags.filter((flag) => !UNDONE.has(flag) && !EXPERIMENTS.has(flag));
  const own = importsEmail(version) ? withOlderRegistry(known) : known;
  return {
    compatibilityDate: compatibilityDate > NEWEST_DATE ? NEWEST_DATE : compatibilityDate,
    compatibilityFlags: [...new Set([...own, ...FORCED])],
  };
}
