/** The stream that user code gets for one that is stored: asked for chunk by chunk, as fast as it is read and no faster. */
import { LIMITS } from "../../model/limits.ts";
import { displayName, type StepName } from "../../model/step/step.ts";
import type { StreamSize } from "../../model/step/stream.ts";
import { decode, type Encoded } from "../../model/values/value.ts";
import type { Run } from "../run/run.ts";

/** What user code gets for the output of a step: a clone of a value, or a fresh stream. */
export function recall(run: Run, step: StepName, output: Encoded | StreamSize | undefined): unknown {
  if (typeof output === "string") return decode(output);
  return output && replayStream(run, step, output);
}

/**
 * A fresh stream of what a step has stored: `Uint8Array`s of at most 256 KiB, for a default reader. Nothing is asked for
 * before it is read. It fails when what is stored is not all there.
 */
function replayStream(run: Run, step: StepName, { chunks }: StreamSize): ReadableStream<Uint8Array> {
  const coming: Promise<Uint8Array | undefined>[] = [];
  let asked = 0;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        if (chunks === 0) controller.close();
      },
      pull: async (controller) => {
        for (; asked < chunks && coming.length < LIMITS.streamWindow; asked += 1) coming.push(run.streams.read(step, asked));
        const bytes = await coming.shift();
        if (bytes === undefined) {
          controller.error(new Error(`Stored output for ${displayName(step.name, step.count)} is corrupt or incomplete.`));
          return;
        }
        controller.enqueue(bytes);
        if (asked === chunks && coming.length === 0) controller.close();
      },
      cancel: () => {
        coming.length = 0;
      },
    },
    { highWaterMark: 0 },
  );
}
