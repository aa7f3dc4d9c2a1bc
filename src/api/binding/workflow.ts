/**
 * What user code gets when it calls a workflow binding (`env.MY_WORKFLOW`): the methods of Cloudflare's `Workflow` and
 * `WorkflowInstance` (`runtime/bindings/workflow.ts`), answered by the engine.
 */
import { z } from "zod";
import type { CreateRequest, Engine, InstanceAddress } from "../../engine/contract.ts";
import { Failure, failureKind } from "../../model/failures/failure.ts";
import type { Retention } from "../../model/instance/events.ts";
import { LIMITS } from "../../model/limits.ts";
import { isInstanceAddress } from "../../model/platform/names.ts";
import { isFinal } from "../../model/instance/status.ts";
import { areTooLarge, CALL_DEPTH, decode, encode, toJson, Unserialisable } from "../../model/values/value.ts";
import { InstanceView } from "../../model/views/fold.ts";
import type { BindingHandler } from "../../ports/executor.ts";
import { INVALID_SUBSCRIBE_OPTIONS, wantedBy } from "../../model/views/subscription.ts";
import { openSubscription, Readings } from "../cloudflare/workflows/readings.ts";
import { checkRequests, createOne, deleteInstances, removeOne } from "../cloudflare/workflows/instances.ts";
import { keptFor } from "../../workers/upload/workflow-settings.ts";
import { restartFrom } from "../cloudflare/workflows/schemas.ts";
import { readInto } from "../cloudflare/workflows/instance.ts";

const createOptions = z
  .object({
    id: z.string().optional(),
    params: z.unknown().optional(),
    retention: z.object({ successRetention: keptFor.optional(), errorRetention: keptFor.optional() }).optional(),
    locationHint: z.string().optional(),
  })
  .nullish();

type CreateOptions = z.output<typeof createOptions>;

type Method = (engine: Engine, workflow: string, args: readonly unknown[], readings: Readings) => unknown;

/** A method of a handle: its first argument is the instance's id. */
const ofInstance =
  (
    method: (engine: Engine, address: InstanceAddress, args: readonly unknown[], readings: Readings) => Promise<unknown>,
  ): Method =>
  (engine, workflow, [id, ...args], readings) =>
    method(engine, { workflow, id: String(id) }, args, readings);

const METHODS: Readonly<Record<string, Method>> = {
  create: async (engine, workflow, [options]) => {
    return (await createOne(engine, workflow, toRequest(parse(createOptions, options)), "binding")).id;
  },
  get: async (engine, workflow, [id]) => (await engine.summary({ workflow, id: String(id) })).id,
  createBatch: (engine, workflow, [options]) => createBatch(engine, workflow, options),
  deleteBatch: (engine, workflow, [ids]) => deleteInstances({ engine }, workflow, addresses(ids)),
  pause: ofInstance((engine, address) => engine.pause(address)),
  resume: ofInstance((engine, address) => engine.resume(address)),
  terminate: ofInstance((engine, address, [options]) => {
    const { rollback = false } = parse(z.object({ rollback: z.boolean().optional() }).nullish(), options) ?? {};
    return engine.terminate(address, { rollback });
  }),
  restart: ofInstance((engine, address, [options]) => {
    const { from } = parse(z.object({ from: restartFrom.nullish() }).nullish(), options) ?? {};
    return engine.restart(address, from ?? undefined);
  }),
  delete: ofInstance(async (engine, { workflow, id }) => {
    await removeOne(engine, { workflow, id });
  }),
  status: ofInstance(status),
  sendEvent: ofInstance((engine, address, [event]) => {
    const { type, payload } = parse(z.object({ type: z.string(), payload: z.unknown().optional() }), event);
    return engine.sendEvent(address, type, encode(payload));
  }),
  subscribe: ofInstance(async (engine, address, [options], readings) => {
    const wanted = wantedBy(options);
    if (wanted === undefined) throw new Failure("body", { detail: INVALID_SUBSCRIBE_OPTIONS });
    await engine.summary(address);
    return openSubscription(engine, address, wanted, readings);
  }),
  next: (_, __, [id], readings) => readings.next(Number(id)),
  close: (_, __, [id], readings) => readings.close(Number(id)),
};

/** Answers the calls of one host's user code to an engine. What that code reads ends when `host` aborts, and with the engine. */
export function bindingHandler(engine: Engine, host: AbortSignal): BindingHandler {
  const readings = new Readings(host);
  return async ({ name: workflow, method, args }) => {
    const answer = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    if (answer === undefined) throw new Failure("body", { detail: `A workflow has no method "${method}"` });
    try {
      return encode(await answer(engine, workflow, decode(args) as unknown[], readings), CALL_DEPTH);
    } catch (cause) {
      if (cause instanceof Failure && cause.failure === "workflow.not_found") throw noWorkflow(workflow, cause);
      if (cause instanceof Unserialisable) throw new Failure("body", { detail: cause.message, cause });
      throw cause;
    }
  };
}

/** A binding names a workflow whose Worker is not there. */
function noWorkflow(workflow: string, cause: Failure): Failure {
  const detail = `No Worker with the workflow "${workflow}" is deployed here. With stepwell dev, start both in one session: -c wrangler.jsonc -c ../other/wrangler.jsonc`;
  return new Failure("workflow.not_found", { detail, cause });
}

const OVERSIZE = "batchCreate only supports 100 instances at a time";

/** The older form passes over ids that are taken; the newer one tells what became of each. */
async function createBatch(engine: Engine, workflow: string, input: unknown): Promise<unknown> {
  if (!Array.isArray(input)) return createEach(engine, workflow, requestsOf(input));
  const requests = batch(createOptions, input, "batchCreate should have at least 1 instance", OVERSIZE).map(toRequest);
  refuseInvalid(requests);
  const made = await engine.create(workflow, requests, "binding");
  return made.flatMap((each) => (each instanceof Failure ? [] : [each.id]));
}

async function createEach(engine: Engine, workflow: string, requests: readonly CreateRequest[]): Promise<unknown> {
  refuseInvalid(requests);
  const seen = new Set<string>();
  const isDouble = requests.map(({ id }) => id !== undefined && (seen.has(id) || !seen.add(id)));
  const firsts = requests.filter((_, index) => isDouble[index] === false);
  const made = await engine.create(workflow, firsts, "binding");
  const created: string[] = [];
  const errors: object[] = [];
  requests.forEach(({ id }, index) => {
    const outcome = isDouble[index] === true ? new Failure("instance.duplicate_in_batch") : made.shift();
    if (outcome instanceof Failure)
      errors.push({ index, id, code: failureKind(outcome.failure).code, message: `workflows.api.error.${outcome.failure}` });
    else if (outcome !== undefined) created.push(outcome.id);
  });
  return { created, errors };
}

function requestsOf(input: unknown): CreateRequest[] {
  const { count, instances, ...common } = (input ?? {}) as { count?: unknown; instances?: unknown };
  if (instances !== undefined)
    return batch(createOptions, instances, "Batch size exceeds maximum allowed", "Batch size exceeds maximum allowed").map(
      toRequest,
    );
  if (count === undefined) throw new Failure("body", { detail: "Provided argument is invalid" });
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1)
    throw new Failure("body", { detail: "count must be a positive integer" });
  if (count > LIMITS.batch) throw new Failure("body", { detail: OVERSIZE });
  const request = toRequest(parse(createOptions.unwrap().unwrap().omit({ id: true }), common));
  return Array.from({ length: count }, () => request);
}

/** An invalid request refuses the whole batch, and so does a batch that is too large: nothing has been created then. */
function refuseInvalid(requests: readonly CreateRequest[]): void {
  // Requests that share their params, as `count` makes them, bring them once.
  const distinct = new Set(requests.map(({ params }) => params).filter((params) => params !== undefined));
  if (areTooLarge([...distinct]))
    throw new Failure("instance.too_large", { field: "instances", detail: "The batch is larger than 1 MiB" });
  checkRequests(requests);
}

/** The ids of instances to delete: one that no instance can have refuses all. */
function addresses(ids: unknown): string[] {
  const wanted = batch(
    z.unknown(),
    ids,
    "batchDeleteInstances should have at least 1 instance",
    "batchDeleteInstances only supports 100 instances at a time",
  );
  return wanted.map((id, i) => {
    if (typeof id === "string" && isInstanceAddress(id)) return id;
    throw new Failure("instance.invalid_id", { field: `[${i}]` });
  });
}

function batch<T extends z.ZodType>(item: T, input: unknown, empty: string, oversize: string): z.output<T>[] {
  if (!Array.isArray(input)) throw new Failure("body", { detail: "Provided argument is invalid" });
  if (input.length === 0) throw new Failure("body", { detail: empty });
  if (input.length > LIMITS.batch) throw new Failure("body", { detail: oversize });
  return parse(z.array(item), input);
}

/**
 * The status as the Workers binding tells it: an output once there is one, an error once there is one, and how a rollback
 * ended. While that lasts the binding says `running`, as Cloudflare does for code that knows no such status.
 */
async function status(engine: Engine, address: InstanceAddress): Promise<unknown> {
  const { life } = await readInto(engine, address, new InstanceView());
  if (life === undefined) throw new Failure("instance.not_found");
  const { status: current, error, rollback } = life;
  const output = life.output === undefined ? undefined : toJson(life.output);
  return {
    status: current === "rollingBack" ? "running" : current,
    ...(isFinal(current) && error !== null && { error }),
    ...(output !== undefined && { output }),
    ...(rollback !== null && { rollback }),
  };
}

function toRequest(options: CreateOptions): CreateRequest {
  if (options === undefined || options === null) return {};
  const { id, params, retention } = options;
  const kept: Retention = {
    ...(retention?.successRetention !== undefined && { successMs: retention.successRetention }),
    ...(retention?.errorRetention !== undefined && { errorMs: retention.errorRetention }),
  };
  return {
    ...(id !== undefined && { id }),
    ...(params !== undefined && { params: encode(params) }),
    ...(retention && { retention: kept }),
  };
}

function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  throw new Failure("body", { ...(field !== "" && { field }), detail: issue?.message ?? "Not valid" });
}
