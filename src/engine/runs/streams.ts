/**
 * Streams on their way between hosts and the store: chunks come in and are acknowledged when they are durable, and go out
 * one by one as they are asked for. A window bounds the chunks in flight, so that a stream of any length takes little memory.
 */
import type { DoEvent } from "../../model/instance/events.ts";
import { Failure } from "../../model/failures/failure.ts";
import type { DoStep } from "../../model/instance/state.ts";
import { LIMITS } from "../../model/limits.ts";
import { stepId } from "../../model/step/step.ts";
import { chunkLength, refuseChunk, type StoredStream } from "../../model/step/stream.ts";
import type { ChunkFrame, FromRuntime } from "../../protocol/frames.ts";
import { StoreError } from "../../model/failures/store-error.ts";
import { giveUp, stopRun } from "./activate.ts";
import type { Core } from "./core.ts";
import type { InstanceAddress } from "../contract.ts";
import type { Live, Run, RunningIntake } from "../state/live.ts";
import { passChunk } from "../journal/seal.ts";

/** Takes in the next chunk of an attempt's stream. Answers what is wrong with it, if anything is. */
export function takeChunk(core: Core, live: Live, run: Run, frame: ChunkFrame): string | undefined {
  const { name, count, index, bytes } = frame;
  const step = doStep(live, frame);
  if (step?.phase.is !== "attempting") return "a chunk of a step that makes no attempt";
  const intake = intakeOf(run, step, step.phase.stream);
  // What was on its way when the instance had reached its limit.
  if (intake.isFull) return undefined;
  const wrong = refuseChunk(intake, index, bytes.byteLength);
  if (wrong !== undefined) return wrong;
  if (storedBytes(live, run) + bytes.byteLength > LIMITS.instanceStreamBytes) {
    intake.isFull = true;
    run.link.send({ type: "full", run: run.id, name, count });
    return undefined;
  }
  intake.chunks += 1;
  intake.bytes += bytes.byteLength;
  const sealed = passChunk(core, "sealBytes", live, step, bytes, index);
  const store = (): void =>
    core.journal.addChunk(live, { pk: live.pk, stream: intake.stream, index, bytes: sealed }, () => {
      intake.durable += 1;
      if (live.run === run) run.link.send({ type: "stored", run: run.id, name, count, chunks: intake.durable });
    });
  // Recovery must find every stored chunk, so the attempt has to be durable first.
  if (intake.durable > 0) store();
  else core.journal.whenDurable(live, () => live.run === run && run.intakes?.get(step.id) === intake && store());
  return undefined;
}

/** Notes that an attempt is over. Answers what is wrong with the stream that it says it has brought, if anything is. */
export function endIntake(run: Run, event: Extract<DoEvent, { type: "attempt_errored" | "step_completed" }>): string | undefined {
  const id = stepId("do", event.name, event.count);
  const intake = run.intakes?.get(id);
  run.intakes?.delete(id);
  if (event.type === "attempt_errored") return undefined;
  const { chunks, bytes } = typeof event.output === "object" ? event.output.stream : { chunks: 0, bytes: 0 };
  const isSame = chunks === (intake?.durable ?? 0) && bytes === (intake?.bytes ?? 0);
  return isSame && intake?.isFull !== true ? undefined : "a stream that is not the one it has sent";
}

/** Sends the chunk of a stream that a run has asked for; `missing` when it is not as it was recorded. */
export async function sendChunk(core: Core, live: Live, frame: Extract<FromRuntime, { type: "read" }>): Promise<void> {
  const { run } = live;
  const step = doStep(live, frame);
  if (run === undefined || step?.phase.is !== "completed") return;
  const { name, count, index } = frame;
  const { stream } = step.phase;
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    const stored = stream && (await core.store.chunk(live.pk, stream.id, index));
    if (stored !== undefined) bytes = whole(stream, index, passChunk(core, "openBytes", live, step, stored, index));
  } catch (cause) {
    if (cause instanceof StoreError && live.run === run) {
      stopRun(core, live);
      return giveUp(core, live, cause);
    }
    // To user code the chunk is missing; the reason is for the operator.
    core.log.error("A chunk of a stream cannot be read", { workflow: live.workflow, instance: live.id, reason: String(cause) });
  }
  if (live.run !== run) return;
  run.link.send(
    bytes === undefined
      ? { type: "missing", run: run.id, name, count, index }
      : { type: "chunk", run: run.id, name, count, index, bytes },
  );
}

/** See `Engine.stream`. */
export async function* readStream(core: Core, address: InstanceAddress, stream: StoredStream): AsyncGenerator<Uint8Array> {
  const { pk } = await core.instances.find(address);
  for (let index = 0; index < stream.chunks; index += 1) {
    const bytes = whole(stream, index, await core.store.chunk(pk, stream.id, index));
    if (bytes === undefined) throw new Failure("instance.step_output_corrupt");
    yield bytes;
  }
}

/** A chunk, if it is as long as the stream's size has it. */
function whole(
  stream: StoredStream | undefined,
  index: number,
  bytes: Uint8Array<ArrayBuffer> | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  return stream !== undefined && bytes?.byteLength === chunkLength(stream, index) ? bytes : undefined;
}

function doStep(live: Live, { name, count }: { readonly name: string; readonly count: number }): DoStep | undefined {
  const step = live.state.byId.get(stepId("do", name, count));
  return step?.kind === "do" ? step : undefined;
}

function intakeOf(run: Run, step: DoStep, stream: number): RunningIntake {
  run.intakes ??= new Map();
  let intake = run.intakes.get(step.id);
  if (intake === undefined) {
    intake = { stream, chunks: 0, bytes: 0, durable: 0, isFull: false };
    run.intakes.set(step.id, intake);
  }
  return intake;
}

function storedBytes({ state }: Live, run: Run): number {
  let bytes = state.streamBytes;
  for (const intake of run.intakes?.values() ?? []) bytes += intake.bytes;
  return bytes;
}
