/**
 * A run as the engine sees it: frames come in from a host, are decided one by one, and their acknowledgement leaves when
 * they are durable. Frames are input, not truth — the host shares its memory with user code.
 */
import type { RuntimeEvent } from "../../model/instance/events.ts";
import { isWorking } from "../../model/instance/due.ts";
import type { Loss } from "../../model/instance/loss.ts";
import type { ChunkFrame, FromRuntime } from "../../protocol/frames.ts";
import { holdsPlace, isFinal } from "../../model/instance/status.ts";
import type { HostEnd } from "../../ports/executor.ts";
import { activate, detach, giveUp, stopRun } from "./activate.ts";
import type { Core } from "./core.ts";
import type { HostLink, HostListener } from "../../workers/hosts/link.ts";
import { reportEnd } from "./invocation.ts";
import type { Live } from "../state/live.ts";
import { historyWindow } from "./outcomes.ts";
import { DETAIL_LENGTH, logEnd, logGivenUp, lossOf, part, wasLostBefore } from "./quarantine.ts";
import { orderNext, rollBack } from "./rollback.ts";
import { sealed } from "../journal/seal.ts";
import { endIntake, sendChunk, takeChunk } from "./streams.ts";

/** The runs of instances, as hosts have them. */
export class HostedRuns implements HostListener<Live> {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Takes in what a host says. Frames of runs that it was not given, or that have ended, are passed over. */
  frames(link: HostLink<Live>, frames: readonly FromRuntime[]): void {
    const core = this.#core;
    for (const frame of frames) {
      const live = link.runs.get(frame.run);
      if (live === undefined) continue;
      switch (frame.type) {
        case "events":
          record(core, live, frame);
          break;
        case "idle":
          idle(core, live, frame.signals);
          break;
        case "parked":
          parked(core, live);
          break;
        case "need":
          void sendWindow(core, live, frame.from);
          break;
        case "chunk":
          receiveChunk(core, live, frame);
          break;
        case "read":
          read(core, live, frame);
          break;
        case "lost":
          lose(core, live, frame.detail);
      }
    }
  }

  /** A host is gone: what ran in it is recovered and goes on in another. */
  ended(link: HostLink<Live>, end: HostEnd): void {
    const core = this.#core;
    const lives = [...link.runs.values()];
    const loss = lossOf(link, end);
    link.runs.clear();
    if (core.closing) return;
    if (lives.length > 0 || end.kind !== "closed") logEnd(core.log, link, end, lives, core.clock.now());
    if (loss.kind !== "server") part(core.hosts, lives.filter(wasLostBefore));
    for (const live of lives) {
      if (live.run !== undefined) reportEnd(core, live, live.run, true);
      live.run = undefined;
      recover(core, live, loss);
    }
  }
}

function record(core: Core, live: Live, frame: Extract<FromRuntime, { type: "events" }>): void {
  const now = core.clock.now();
  for (const said of frame.events) {
    const wrong = mayEndStream(live, said) && live.run !== undefined ? endIntake(live.run, said) : undefined;
    if (wrong !== undefined) return breach(core, live, wrong);
    const event = live.state.sensitive ? sealed(core.vault, live, said) : said;
    const decision = core.instances.apply(live, { type: "record", event }, now);
    if ("refused" in decision) return breach(core, live, decision.detail ?? decision.refused);
    if (isFinal(live.state.status)) return keepsHandlers(event) ? stopRun(core, live) : ended(core, live);
    if (event.type === "workflow_errored") return rollBack(core, live);
    if (event.type === "rollback_step_completed") orderNext(core, live);
  }
  if (live.row !== undefined) live.row.ack = frame.n;
}

/** True when the run that said this goes on waiting for orders. */
function keepsHandlers(event: RuntimeEvent): boolean {
  return event.type.startsWith("rollback_") || (event.type === "workflow_errored" && event.rollback === "ready");
}

/** Nearly never true: most steps bring values, and none of the run's is sending a stream. */
function mayEndStream(
  { run }: Live,
  event: RuntimeEvent,
): event is Extract<RuntimeEvent, { type: "attempt_errored" | "step_completed" }> {
  if (event.type === "step_completed") return run?.intakes !== undefined || typeof event.output === "object";
  return event.type === "attempt_errored" && run?.intakes !== undefined;
}

function receiveChunk(core: Core, live: Live, frame: ChunkFrame): void {
  const wrong = live.run && takeChunk(core, live, live.run, frame);
  if (wrong !== undefined) breach(core, live, wrong);
}

/** The runtime forgets a run by itself when it has said how it ended. */
function ended(core: Core, live: Live): void {
  const { run } = live;
  if (run === undefined) return;
  detach(core, live);
  core.hosts.released(run.link);
}

/** The run says what cannot be. It is stopped, and the instance replayed from what is known for sure. */
function breach(core: Core, live: Live, detail: string): void {
  core.log.warn("A run contradicted its journal and is replayed", { workflow: live.workflow, instance: live.id, detail });
  stopRun(core, live);
  recover(core, live, { kind: "alone", how: `the run contradicted its journal: ${detail}` });
}

/** The run is gone, its host is not. It counts as the loss of a host in which it was alone. */
function lose(core: Core, live: Live, detail: string): void {
  const about = { workflow: live.workflow, instance: live.id, detail: detail.slice(0, DETAIL_LENGTH) };
  core.log.warn("A run ended unexpectedly and is replayed", about);
  ended(core, live);
  recover(core, live, { kind: "alone", how: `the run ended by itself: ${detail.slice(0, DETAIL_LENGTH)}` });
}

function idle(core: Core, live: Live, signals: number): void {
  if (core.closing) {
    // Held back for the shutdown, not by the user: suspend it where it is.
    stopRun(core, live);
    core.instances.release(live);
    return;
  }
  // The run was idle when it said so; a frame sent meanwhile sets it going again. If it were recorded as waiting, and lost
  // before it could go on, it would not be started before its next timer.
  if (signals !== live.run?.signals) return;
  core.instances.apply(live, { type: "idle" });
  if (live.state.status === "paused") stopRun(core, live);
}

/** The run has left, as requested. It has missed any frame sent meanwhile to go on; the next run goes on instead. */
function parked(core: Core, live: Live): void {
  if (isWorking(live.state)) return breach(core, live, "it has left while it was at work");
  ended(core, live);
  if (holdsPlace(live.state.status)) void activate(core, live);
  else core.journal.whenDurable(live, () => core.instances.release(live));
}

/** Chunks that a run may have asked for and not got. Each stream that its code reads asks for some ahead. */
const MOST_READS = 65_536;

/** One after the other, so that what is on its way takes the memory of one, however many are asked for. */
function read(core: Core, live: Live, frame: Extract<FromRuntime, { type: "read" }>): void {
  const { run } = live;
  if (run === undefined) return;
  const reads = (run.reads ??= { waiting: 0, last: Promise.resolve() });
  if (reads.waiting >= MOST_READS) return breach(core, live, `it reads more than ${MOST_READS} chunks at once`);
  reads.waiting += 1;
  reads.last = reads.last.then(async () => {
    if (live.run === run) await sendChunk(core, live, frame);
    reads.waiting -= 1;
  });
}

async function sendWindow(core: Core, live: Live, from: number): Promise<void> {
  const { run } = live;
  // A run that asks for another window before it has this one is none of ours.
  if (run === undefined || run.isReading) return;
  run.isReading = true;
  try {
    await core.journal.durable(live);
    const outcomes = await historyWindow(core, live, from, core.clock.now());
    run.isReading = false;
    if (live.run === run) run.link.send({ type: "history", run: run.id, from, outcomes });
  } catch (cause) {
    if (live.run !== run) return;
    stopRun(core, live);
    giveUp(core, live, cause);
  }
}

/** Records the loss of a run, and starts the next. */
function recover(core: Core, live: Live, loss: Loss): void {
  const decision = core.instances.apply(live, { type: "recover", loss });
  if ("events" in decision) logGivenUp(core.log, live, decision.events);
  if (holdsPlace(live.state.status)) void activate(core, live);
  else core.journal.whenDurable(live, () => core.instances.release(live));
}
