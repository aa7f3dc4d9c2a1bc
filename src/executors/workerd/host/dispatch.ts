/** Events on their way to a script's handlers, through the loader, and how the handlers ended. */
import { Failure } from "../../../model/failures/failure.ts";
import { eventAnswerOf, type EventAnswer, type EventEnd, type ScriptEvent } from "../../../protocol/handlers.ts";
import { HEADERS } from "../messages.ts";
import type { WorkerdProcess } from "../process/process.ts";
import { textOf } from "./requests.ts";

/** Rejects with the reason of `gone` when that is aborted, and with `Failure`s as `Host.dispatch` says. */
export async function dispatch(process: WorkerdProcess, host: string, event: ScriptEvent, gone: AbortSignal): Promise<EventEnd> {
  const answer = await answerOf(process, host, event, gone);
  if (answer === "no_handler") throw new Failure("script.no_handler", { detail: `The Worker has no ${event.type} handler` });
  return answer;
}

async function answerOf(process: WorkerdProcess, host: string, event: ScriptEvent, gone: AbortSignal): Promise<EventAnswer> {
  gone.throwIfAborted();
  try {
    const asked = { method: "POST", body: JSON.stringify(event), signal: gone };
    const answer = await process.ask({ ask: "dispatch", host }, asked);
    const text = await textOf(answer);
    if (answer.headers[HEADERS.end] !== "answered") throw new Failure("script.exception", { detail: text });
    const said = eventAnswerOf(JSON.parse(text));
    if (said === undefined) throw new Failure("script.exception", { detail: "A handler's end has a shape that none has" });
    return said;
  } catch (cause) {
    gone.throwIfAborted();
    throw cause instanceof Failure ? cause : new Failure("script.unavailable", { cause });
  }
}
