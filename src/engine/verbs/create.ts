/** Creates instances: ids, the first journal row, one commit for all of them — and starts those for which there is a place. */
import type { EventBody } from "../../model/instance/events.ts";
import { Failure } from "../../model/failures/failure.ts";
import { evolve } from "../../model/instance/evolve.ts";
import type { InstanceState } from "../../model/instance/state.ts";
import { isInstanceId } from "../../model/platform/names.ts";
import { noticesOf } from "../../model/views/notices.ts";
import { holdsPlace, type TriggerSource } from "../../model/instance/status.ts";
import { isTooLarge, type Encoded } from "../../model/values/value.ts";
import type { Workflow } from "../../ports/catalog/workflows.ts";
import type { InstanceSummary } from "../../ports/instances/summary.ts";
import type { NewInstance } from "../../ports/instances/commit.ts";
import { activate } from "../runs/activate.ts";
import type { Core } from "../runs/core.ts";
import type { CreateRequest } from "../contract.ts";
import { newLive } from "../state/live.ts";
import { freeId } from "../memory/expired.ts";
import { rowText } from "../journal/row.ts";
import { checkOpen, type Verbs } from "./verbs.ts";

/** What an instance is given when its creator gave it nothing. */
const NO_PARAMS: Encoded = "{}";

/** See `Engine.create`. */
export async function create(
  verbs: Verbs,
  workflow: string,
  requests: readonly CreateRequest[],
  trigger: TriggerSource,
): Promise<(InstanceSummary | Failure)[]> {
  const { core, scheduler, admission } = verbs;
  checkOpen(core);
  const known = await core.catalog.workflow(workflow);
  if (known === undefined) throw new Failure("workflow.not_found", { field: "workflow_name" });
  await checkDeployed(core, known);
  await core.policies.load(workflow);
  const refusals = requests.map((request, i) => checkRequest(request, requests.length > 1 ? `[${i}].` : ""));
  const wanted = refusals.filter((each) => each === undefined).length;
  // A schedule is its workflow's own doing: what it makes is not held against those who ask.
  if (trigger !== "cron") admission.admit(workflow, wanted);
  const places = refusals.map((refusal) => (refusal === undefined ? scheduler.reserve(workflow) : undefined));
  const queued = await admission.queue(wanted - places.filter((place) => place !== undefined).length).catch((cause: unknown) => {
    for (const giveBack of places) giveBack?.();
    throw cause;
  });
  const birth = { workflow, versionId: known.versionId, trigger, now: core.clock.now() };
  const createAt = async (request: CreateRequest, i: number): Promise<InstanceSummary | Failure> => {
    const of = { ...birth, id: request.id ?? core.ids.uuid(), place: places[i] };
    return refusals[i] ?? createOne(verbs, of, request);
  };
  return Promise.all(requests.map(createAt)).finally(queued);
}

/** Fails with `workflow.script_deleted`: nothing starts in code that its owner has taken down. */
export async function checkDeployed({ catalog }: Pick<Core, "catalog">, { script }: Pick<Workflow, "script">): Promise<void> {
  if ((await catalog.activeScript(script)) === undefined)
    throw new Failure("workflow.script_deleted", { field: "workflow_name" });
}

/** Why an instance cannot be created whatever else there is; `path` leads to it in the request. */
export function checkRequest(request: CreateRequest, path: string): Failure | undefined {
  // Ids that schedules make are longer and have spaces: they come with a schedule.
  if (request.id !== undefined && request.schedule === undefined && !isInstanceId(request.id))
    return new Failure("instance.invalid_id", { field: `${path}instance_id` });
  if (!isTooLarge(request.params ?? NO_PARAMS)) return undefined;
  return new Failure("instance.too_large", { field: `${path}params` });
}

interface Birth extends Pick<InstanceSummary, "workflow" | "id" | "versionId" | "trigger"> {
  readonly now: number;
  /** Gives back the place that is kept for it, if there is one. */
  readonly place: (() => void) | undefined;
}

async function createOne({ core, scheduler }: Verbs, birth: Birth, request: CreateRequest): Promise<InstanceSummary | Failure> {
  const { workflow, id, versionId, trigger, now, place } = birth;
  const queued: EventBody = {
    type: "workflow_queued",
    versionId,
    trigger,
    params: request.params ?? NO_PARAMS,
    ...(request.schedule && { schedule: request.schedule }),
    ...(request.retention && { retention: request.retention }),
  };
  // With a place kept for it, an instance is started by the commit that makes it: that saves a row and an update.
  try {
    const events: readonly EventBody[] =
      place === undefined ? [queued] : [queued, { type: "workflow_started" }, { type: "workflow_running" }];
    const state = fold(events, now);
    const isWatched = core.notices.isWatched(workflow);
    const instance = newInstance(birth, state, events, isWatched);
    let pk = await core.journal.create(instance);
    if (pk === "exists" && (await freeId(core, birth))) pk = await core.journal.create(instance);
    if (pk === "exists") return new Failure("instance.already_exists", { field: "instance_id" });
    if (place === undefined) scheduler.expect("queued", workflow);
    else {
      const live = core.instances.add(newLive({ pk, workflow, id, createdAt: now }, state, 1));
      // A request that read it from the store before it was here took it for one that had lost its run.
      live.leftBehind = false;
      // One that has restarted it before that has left its place: it waits for another.
      if (holdsPlace(live.state.status)) void activate(core, live);
    }
    return { pk, ...instance.summary };
  } finally {
    place?.();
  }
}

function fold(events: readonly EventBody[], timestamp: number): InstanceState {
  let state: InstanceState | undefined;
  for (const [i, event] of events.entries()) state = evolve(state, event, { eventId: i + 1, timestamp, seq: 1 });
  if (state === undefined) throw new Error("An instance begins with an event");
  return state;
}

function newInstance(
  { workflow, id, versionId, trigger, now }: Birth,
  state: InstanceState,
  events: readonly EventBody[],
  isWatched: boolean,
): NewInstance {
  const entries = [now, ...events];
  return {
    summary: {
      workflow,
      id,
      status: state.status,
      versionId,
      trigger,
      createdAt: now,
      modifiedAt: now,
      startedAt: state.startedAt,
      endedAt: null,
      wakeAt: null,
      expiresAt: null,
    },
    row: { seq: 1, firstEventId: 1, events: rowText(entries) },
    ...(isWatched && { notices: noticesOf({ workflow, instance: id, versionId }, entries) }),
  };
}
