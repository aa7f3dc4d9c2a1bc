/**
 * What the loader asks of the host, over the socket that ties the two together: above all which isolate a call is for. Any
 * context may ask; only the socket's own may send.
 */
import { settleable } from "../../../../runtime/run/settleable.ts";
import type { AnswerFor, FromLoader, Question, ToLoader } from "../../messages.ts";
import { Link, type Socket } from "../script/link.ts";
import { keptAlive } from "../script/place.ts";

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
let last = 0;
let link: Link | undefined;
/** What was asked before there was a socket: alarms of Durable Objects may ring at once. */
const early: string[] = [];

/** Asks, and waits for the answer. Rejects with an `Error` whose text user code may see. */
export function askHost<Q extends Question>(question: Q): Promise<AnswerFor<Q>> {
  return keptAlive(() => {
    const { promise, resolve, reject } = settleable<AnswerFor<Q>>();
    const id = (last += 1);
    waiting.set(id, { resolve, reject });
    const message = JSON.stringify({ id, question } satisfies FromLoader);
    if (link === undefined) early.push(message);
    else say(link, message);
    return promise;
  });
}

/**
 * The host's socket, to be called in the context that it belongs to. Does not resolve. Rejects when no more can be said.
 * The host's heartbeat, an empty message, goes through the loop: an answer says that the loop turns.
 */
export async function answerBy(socket: Socket): Promise<never> {
  const opened = new Link(socket, () => false);
  link = opened;
  socket.addEventListener("message", ({ data }) => {
    if (data === "") say(opened, "");
    else answer(JSON.parse(String(data)) as ToLoader);
  });
  for (const message of early.splice(0)) say(opened, message);
  await opened.run();
  throw new Error("The socket is closed");
}

function answer({ id, end }: ToLoader): void {
  const asking = waiting.get(id);
  waiting.delete(id);
  if (end.kind === "answered") asking?.resolve(end.answer as never);
  else asking?.reject(new Error(end.message));
}

function say(to: Link, message: string): void {
  to.soon(() => to.send(message));
}
