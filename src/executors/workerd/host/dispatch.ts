/** Events on their way to a script's handlers, through the loader, and how the handlers ended. */
import { Failure } from "../../../model/failures/failure.ts";
import type { EventAnswer, EventEnd, ScriptEvent } from "../../../protocol/handlers.ts";
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
    if (answer.headers[HEADERS.end] === "answered") return JSON.parse(text) as EventAnswer;
    throw new Failure("script.exception", { detail: text });
  } catch (cause) {
    gone.throwIfAborted();
    throw cause instanceof Failure ? cause : new Failure("script.unavailable", { cause });
  }
}
