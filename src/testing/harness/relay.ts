/**
 * The Worker through which tests reach what exists in workerd alone: Durable Objects, and the methods of Workers. It has bindings
 * to all of them. What is called crosses as text, so functions and streams do not; requests pass as they are.
 */
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import { RELAY_HEADERS, type RelayTarget } from "./relay-messages.ts";

type Called = Record<string, ((...args: readonly unknown[]) => unknown) | undefined> & {
  fetch(request: Request): Promise<Response>;
};

interface Namespace {
  idFromName(name: string): object;
  idFromString(id: string): object;
  get(id: object): Called;
}

type Env = Readonly<Record<string, Called | Namespace>>;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const target = JSON.parse(decodeURIComponent(request.headers.get(RELAY_HEADERS.target) ?? "")) as RelayTarget;
    const { binding, object, member } = target;
    const bound = env[binding];
    const called = object === undefined ? (bound as Called) : objectOf(bound as Namespace, object);
    const text = member === undefined ? undefined : await request.text();
    try {
      if (member === undefined) return await called.fetch(passedOn(request));
      return new Response(encode(await valueOf(called, member, text ?? ""), CALL_DEPTH));
    } catch (thrown) {
      const { name = "Error", message = String(thrown) } = thrown instanceof Error ? thrown : {};
      return Response.json({ name, message }, { headers: { [RELAY_HEADERS.threw]: "true" } });
    }
  },
};

/** Without arguments it is read, not called. */
function valueOf(called: Called, member: string, args: string): unknown {
  return args === "" ? called[member] : called[member]?.(...(decode(args) as unknown[]));
}

function objectOf(namespace: Namespace, { id, name }: NonNullable<RelayTarget["object"]>): Called {
  return namespace.get(name === undefined ? namespace.idFromString(id) : namespace.idFromName(name));
}

function passedOn(request: Request): Request {
  const copy = new Request(request);
  copy.headers.delete(RELAY_HEADERS.target);
  return copy;
}
