/**
 * The handlers of a Durable Object, watched: each call that comes from outside is an invocation. They become the object's own
 * properties, so that its class stays as it is: libraries know methods of classes by their identity.
 */
import { requestEvent, type InvocationEvent } from "../../../../protocol/invocation.ts";
import { invoke, OpenInvocation, type InvocationLog } from "../../../../runtime/handlers/invocation.ts";
import { scope } from "./console.ts";

type Handler = (...args: readonly unknown[]) => unknown;

/** What each is called for. */
const EVENTS: Readonly<Record<string, (first: unknown) => InvocationEvent>> = {
  fetch: (request) => requestEvent(request as Request),
  alarm: () => ({ scheduledTime: new Date().toISOString() }),
  webSocketMessage: () => ofSocket("message"),
  webSocketClose: () => ofSocket("close"),
  webSocketError: () => ofSocket("error"),
};

function ofSocket(webSocketEventType: "message" | "close" | "error"): InvocationEvent {
  return { getWebSocketEvent: { webSocketEventType } };
}

/** Watches those that the object has, while there is a log. What it leaves to `waitUntil` is not followed: its context is one for all calls. */
export function watchHandlers(object: object, entrypoint: string, logNow: () => InvocationLog | undefined): void {
  for (const [name, eventOf] of Object.entries(EVENTS)) {
    const handler: unknown = Reflect.get(object, name);
    if (typeof handler !== "function") continue;
    const value: Handler = (...args) => {
      const call = (): unknown => Reflect.apply(handler, object, args);
      const log = logNow();
      if (log === undefined || scope.getStore() instanceof OpenInvocation) return call();
      return invoke(log, new OpenInvocation(eventOf(args[0]), { entrypoint }), { waitUntil: () => undefined }, call);
    };
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  }
}
