/** The planted faults. Those that stepwell has had come first. */
import { AROUND } from "./around.ts";
import type { Mutant } from "./mutant.ts";
import { SCHEDULE } from "./schedule.ts";

/** Faults of this project's history. */
const HAD: readonly Mutant[] = [
  {
    name: "instances of a failed commit are not given up",
    invariant: 13,
    file: "engine/journal/journal.ts",
    find: "    this.#listener?.lost(live);",
    replace: "",
  },
  {
    name: "instances that a failed commit may have created are not looked for",
    invariant: 13,
    file: "engine/journal/journal.ts",
    find: "    if (group.creates.length > 0) this.#listener?.unsure();",
    replace: "",
  },
  {
    name: "a full page asks for another look at once",
    invariant: 13,
    file: "engine/schedule/scheduler.ts",
    find: "      else this.#dueAt = Math.min(this.#dueAt, hasMore ? -Infinity : ((await store.nextWake(now)) ?? Infinity));",
    replace: "      else this.expectDue(hasMore ? -Infinity : ((await store.nextWake(now)) ?? Infinity));",
  },
  {
    name: "a delay counts as over because the clock once showed a later time",
    invariant: 6,
    file: "engine/runs/signal.ts",
    find: "      run.signalledUpTo = Math.min(run.signalledUpTo, core.clock.now());",
    replace: "",
  },
  {
    name: "a fraction of a millisecond is stored as when an instance is due",
    invariant: 13,
    file: "engine/journal/append.ts",
    find: "  return at === null ? null : Math.ceil(at);",
    replace: "  return at;",
  },
  {
    name: "a look sets no alarm for the next one",
    invariant: 13,
    file: "upkeep/recurring-look.ts",
    find: "    else this.by(at);\n  }\n\n  async #look",
    replace: "  }\n\n  async #look",
  },
  {
    name: "a run that is sent on while it says that it is idle is taken for idle",
    invariant: 13,
    file: "engine/runs/run.ts",
    find: "  if (signals !== live.run?.signals) return;",
    replace: "",
  },
  {
    name: "the place of an interrupted instance is free while it is read",
    invariant: 13,
    file: "engine/schedule/scheduler.ts",
    find: `this.#start("interrupted", summary).finally(this.#take(summary.workflow));`,
    replace: `this.#start("interrupted", summary);`,
  },
  {
    name: "a start goes on with the life after a restart",
    invariant: 13,
    file: "engine/runs/activate.ts",
    find: "        if (live.state !== life) return core.hosts.released(link);\n",
    replace: "",
  },
  {
    name: "a new instance is started in a place that a restart has given back",
    invariant: 13,
    file: "engine/verbs/create.ts",
    find: "      if (holdsPlace(live.state.status)) void activate(core, live);",
    replace: "      void activate(core, live);",
  },
  {
    name: "what was read of an instance comes into memory although that has left it meanwhile",
    invariant: 3,
    file: "engine/memory/instances.ts",
    find: "    if (this.#loading.has(live.pk)) this.#overtaken.add(live.pk);",
    replace: "",
  },
  {
    name: "the end of a handler's delay is lost while the handler is found",
    invariant: 13,
    file: "runtime/run/rollback.ts",
    find: `    if (delayed !== undefined) await delayed;`,
    replace: `    if (delayed !== undefined) await run.retryDue(id);`,
  },
];

/** Nothing is lost, and nothing is done twice. */
const DURABILITY: readonly Mutant[] = [
  {
    name: "user code sees a result before it is durable",
    invariant: 1,
    file: "engine/runs/run.ts",
    find: "  if (live.row !== undefined) live.row.ack = frame.n;",
    replace: "  live.run?.link.ack(live.run.id, frame.n);",
  },
  {
    name: "a replay is given completed steps as steps to be tried again",
    invariant: 1,
    file: "engine/runs/outcomes.ts",
    find: `      if (step.phase.is === "completed") {`,
    replace: `      if (step.phase.is === "completed" && step.count !== 1) {`,
  },
  {
    name: "a replay is given no payload that a wait has received",
    invariant: 3,
    file: "engine/runs/outcomes.ts",
    find: `if (event?.type !== "wait_completed") return { key, state: "pending" };`,
    replace: `if (event?.type !== "wait_completed" || step.count === 1) return { key, state: "pending" };`,
  },
  {
    name: "outcomes are read before what was recorded is durable",
    invariant: 3,
    file: "engine/runs/activate.ts",
    find: "    await core.journal.durable(live);\n    // Another",
    replace: "    // Another",
  },
  {
    name: "what a caller waits for counts as durable when it is being written",
    invariant: 7,
    file: "engine/journal/journal.ts",
    find: "    const row = live.row ?? live.flushing;\n    if (row === undefined) return after();",
    replace: "    const row = live.row;\n    if (row === undefined) return after();",
  },
  {
    name: "a change is acknowledged when it is decided",
    invariant: 7,
    file: "engine/verbs/verbs.ts",
    find: "  await core.journal.durable(live);\n  return decision.events;",
    replace: "  return decision.events;",
  },
  {
    name: "a deletion is acknowledged before it is durable",
    invariant: 7,
    file: "engine/verbs/control.ts",
    find: "    await core.journal.remove(live.pk);",
    replace: "    void core.journal.remove(live.pk).catch(() => {});",
  },
  {
    name: "a reader sees what is not durable",
    invariant: 7,
    file: "engine/memory/instances.ts",
    find: "    const summary = await store.find(workflow, id);",
    replace:
      "    const stored = await store.find(workflow, id);\n    const live = this.at({ workflow, id });\n    const summary = stored && live ? { ...stored, status: live.state.status } : stored;",
  },
  {
    name: "a process that has lost the right to write goes on",
    invariant: 2,
    file: "engine/state/health.ts",
    find: `(cause.fault === "fenced" || cause.fault === "gone")`,
    replace: `cause.fault === "gone"`,
  },
];

/** Events meet their waiters, and timers their time. */
const EVENTS: readonly Mutant[] = [
  {
    name: "an event stays kept after it was taken",
    invariant: 4,
    file: "model/instance/buffered.ts",
    find: "  waiting.shift();",
    replace: "",
  },
  {
    name: "an event overtakes those that are kept",
    invariant: 4,
    file: "model/instance/buffered.ts",
    find: "  else waiting.push(event);",
    replace: "  else waiting.unshift(event);",
  },
  {
    name: "an ended instance takes events",
    invariant: 5,
    file: "model/instance/decide.ts",
    find: `  if (isFinal(status)) return { refused: "instance.in_finite_state" };\n  if (status === "paused"`,
    replace: `  if (status === "paused" || isFinal(status)`,
  },
  {
    name: "an event that no step waits for is dropped",
    invariant: 4,
    file: "model/instance/decide.ts",
    find: `  if (state.bufferedCount < LIMITS.bufferedEvents) return { events: [{ type: "event_received", eventType, payload }] };`,
    replace: "  if (state.bufferedCount < LIMITS.bufferedEvents) return { events: [] };",
  },
  {
    name: "sleeps end a second early",
    invariant: 6,
    file: "model/instance/decide.ts",
    find: "  return due !== undefined && due <= now;",
    replace: "  return due !== undefined && due <= now + 1_000;",
  },
  {
    name: "a pause does not move what is due",
    invariant: 6,
    file: "model/instance/evolve.ts",
    find: "      postpone(state, pausedMs(state.pausedAt, timestamp));",
    replace: "",
  },
];

/** Steps are tried, undone and restarted as they should be. */
const STEPS: readonly Mutant[] = [
  {
    name: "a step is tried once more than it may be",
    invariant: 3,
    file: "model/step/retry.ts",
    find: "  return failedAttempt <= config.retries.limit;",
    replace: "  return failedAttempt <= config.retries.limit + 1;",
  },
  {
    name: "lost attempts count as retries",
    invariant: 1,
    file: "runtime/steps/failure.ts",
    find: "  const failures = attempt - call.lost;",
    replace: "  const failures = attempt;",
  },
  {
    name: "an interrupted attempt is not recorded as lost",
    invariant: 13,
    file: "model/instance/decide.ts",
    find: "  const events: EventBody[] = [recovered, ...lostAttempts(state, loss, now)];",
    replace: "  const events: EventBody[] = [recovered];",
  },
  {
    name: "steps are undone in the order in which they started",
    invariant: 3,
    file: "model/instance/rollback.ts",
    find: "  return steps;\n}\n\n// The fold",
    replace: "  return steps.toReversed();\n}\n\n// The fold",
  },
  {
    name: "a step that was undone is undone again after a crash",
    invariant: 1,
    file: "model/instance/rollback.ts",
    find: "      rollback.remaining.pop();",
    replace: "      if (stamp.eventId % 3 > 0) rollback.remaining.pop();",
  },
  {
    name: "a restart keeps the step that it is to begin with",
    invariant: 3,
    file: "model/instance/restart.ts",
    find: "steps.slice(0, end)",
    replace: "steps.slice(0, end + 1)",
  },
];

export const MUTANTS: readonly Mutant[] = [...HAD, ...DURABILITY, ...EVENTS, ...STEPS, ...SCHEDULE, ...AROUND];
