/** What is called in place of a step's callback, where a test has arranged how an attempt ends. */
import { arrangedAttempt, type Arrangement, type ArrangedFailure, type ArrangedResult } from "../../model/step/arrangement.ts";
import { durationMs } from "../../model/time/duration.ts";
import { decode } from "../../model/values/value.ts";
import { TimedOut, type StepCallback } from "./attempt.ts";

/** Undefined where nothing is arranged for the attempt. */
export function arrangedCallback(
  arrangements: readonly Arrangement[],
  name: string,
  count: number,
  attempt: number,
): StepCallback | undefined {
  const arranged = arrangedAttempt(arrangements, name, count, attempt);
  if (arranged === undefined) return undefined;
  return arranged.ends === "completed" ? () => valueOf(arranged.result) : fails(arranged.how);
}

function fails(how: ArrangedFailure): StepCallback {
  return ({ config }) => {
    if (how === "timeout") throw new TimedOut(`Execution timed out after ${durationMs(config.timeout)}ms`);
    throw Object.assign(new Error(how.message), { name: how.name });
  };
}

function valueOf(result: ArrangedResult): unknown {
  if ("output" in result) return decode(result.output);
  const chunks = decode(result.chunks) as readonly unknown[];
  return new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}
