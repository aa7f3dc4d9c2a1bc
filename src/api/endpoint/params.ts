/** The names in paths: what each may be, and what is said of one that may not. */
import { z } from "zod";
import { Failure, type FailureName } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { isEventType, isInstanceAddress, isWorkflowName } from "../../model/platform/names.ts";

interface Param {
  readonly schema: z.ZodType;
  readonly failure: FailureName;
  isValid(value: string): boolean;
}

const text = (max: number): z.ZodString => z.string().min(1).max(max);

const PARAMS: Readonly<Record<string, Param>> = {
  workflow_name: { schema: text(LIMITS.workflowName), failure: "workflow.invalid_name", isValid: isWorkflowName },
  instance_id: { schema: text(LIMITS.instanceAddress), failure: "instance.invalid_id", isValid: isInstanceAddress },
  event_type: { schema: text(LIMITS.eventType), failure: "workflow.invalid_event_type", isValid: isEventType },
};

const ANY: z.ZodType = z.string().min(1);

/** For the description of the API. */
export function paramSchema(name: string): z.ZodType {
  return PARAMS[name]?.schema ?? ANY;
}

/** The account's id when none is configured. */
export const UNNAMED_ACCOUNT = "local";

/** Refuses a value that cannot be a name of its kind. */
export function checkParam(name: string, value: string, accountId: string): void {
  if (name === "account_id" && !isAccount(value, accountId)) {
    throw new Failure("account.not_found", {
      field: name,
      detail: `This server has a single account with the id "${accountId}"`,
    });
  }
  const param = PARAMS[name];
  if (param !== undefined && !param.isValid(value)) throw new Failure(param.failure, { field: name });
}

/** Projects bring `account_id` from Cloudflare, and wrangler prefers it to its environment: it means the one account here. */
function isAccount(value: string, accountId: string): boolean {
  return value === accountId || (accountId === UNNAMED_ACCOUNT && /^[0-9a-f]{32}$/.test(value));
}
