/**
 * What runs beside the user's code in an isolate of workerd: the runtime, connected with the host by one socket. The module
 * that the executor generates for each script imports this first, so that `env` is complete before the user's code is read.
 */
export { EmailMessage } from "../../../../runtime/cloudflare/email.ts";
import { abortIsolate, env, WorkerEntrypoint, type DurableObject } from "cloudflare:workers";
import { NonRetryableError as PlatformError } from "cloudflare:workflows";
import { NonRetryableError } from "../../../../model/values/thrown.ts";
import { exportedName } from "../../../../bindings/exported.ts";
import { namedEntrypoint } from "../../../../bindings/loader/entrypoints.ts";
import { made } from "../../../../bindings/made.ts";
import type { ScriptEvent } from "../../../../protocol/handlers.ts";
import { chunkFromBytes, chunkToBytes, decodeToRuntime, encodeBatch } from "../../../../protocol/codec.ts";
import { Calls } from "../../../../runtime/bindings/calls.ts";
import { handleEvent } from "../../../../runtime/handlers/handlers.ts";
import type { InvocationLog } from "../../../../runtime/handlers/invocation.ts";
import { createRuntime, type Runtime, type WorkflowClass } from "../../../../runtime/run/runtime.ts";
import type { FromIsolate, Loaded, ObjectProps, Prepared, ToIsolate } from "../../messages.ts";
import { forgetCaches } from "./caches.ts";
import { markConsole, scope } from "./console.ts";
import { Explanations } from "./explained.ts";
import { Link, type Socket } from "./link.ts";
import { objectEntry } from "./object.ts";
import { watched } from "./watched.ts";
import { keptAlive, Places, type Loopback } from "./place.ts";

/** Below so many runs that are not waiting, what one of them says leaves at once. */
const BUSY_FROM = 5;

const places = new Places(die, beat);
/** What is to be said of runs whose context has ended, unless it was the isolate that did. */
const losses: (() => void)[] = [];
const calls = new Calls((id, call) => post({ type: "call", id, call }));
const explanations = new Explanations((reference) => post({ type: "why", reference }));
/** Whether the script is followed. */
let isFollowed = false;
let exported: Readonly<Record<string, unknown>> = {};
let link: Link | undefined;
let isDying = false;
let runtime: Runtime | undefined;
/** Calls the isolate itself. */
let loopback: Loopback | undefined;
/** What `ctx.exports` has besides what workerd puts there: bindings by the classes that they stand for. */
const exportable: Record<string, unknown> = {};
/** Names of the classes that facets can be made of. */
const facetClasses: Map<unknown, string> = new Map();

const OWN_EXPORTS = ["StepwellHandlers", "StepwellLink", "StepwellObject", "StepwellRun"];

/** What workerd makes of ours. */
interface OwnExports {
  readonly StepwellRun: { readonly fetch: Loopback };
  readonly StepwellObject: (options: { readonly props: ObjectProps }) => unknown;
}

/** A class for a facet, of the script's class that the properties name. */
let facetClass: (props: ObjectProps) => unknown;

let log: InvocationLog = { scope, reportThrown: () => {}, report: () => {} };

forgetCaches(caches);

// The runtime goes by its own class; what user code throws is workerd's.
Object.setPrototypeOf(PlatformError.prototype, NonRetryableError.prototype);

/** Completes `env`, and marks what the script writes to the console. */
export function prepare({ key, objects, exported: classes }: Prepared): void {
  log = markConsole(key);
  explanations.install();
  for (const [name, provided] of Object.entries(objects))
    env[name] = made(name, provided, {
      stub: env[name],
      call: (...about) => keptAlive(() => calls.call(...about)),
      tell: (...about) => void calls.tell(...about),
    });
  for (const className of classes) {
    exportable[className] = env[exportedName(className)];
    delete env[exportedName(className)];
  }
}

/**
 * Makes `ctx.exports` what the script is to find there, before its handlers are called: the workflows that it exports, the
 * namespaces of its Durable Objects, and nothing of ours. All contexts of an isolate share the object.
 */
function completeExports(shared: Record<string, unknown>): Loopback {
  if (loopback !== undefined) return loopback;
  const { StepwellRun: self, StepwellObject: object } = shared as unknown as OwnExports;
  for (const name of OWN_EXPORTS) delete shared[name];
  for (const [name, value] of Object.entries(shared)) shared[name] = namedEntrypoint(name, value);
  for (const [name, value] of [...Object.entries(shared), ...Object.entries(exportable)]) facetClasses.set(value, name);
  Object.assign(shared, exportable);
  facetClass = (props) => object({ props });
  return (loopback = (url) => self.fetch(url));
}

/** Takes in what the user's module exports. */
export function connect(exports: Readonly<Record<string, unknown>>): void {
  exported = exports;
}

/** What the isolate exports as the script's handlers. */
export function handlers(exportedAsDefault: unknown): unknown {
  return watched(exportedAsDefault, log, () => isFollowed);
}

/** Answers the host: what has been loaded, or with the socket. There is one socket in an isolate's life. */
export class StepwellLink extends WorkerEntrypoint {
  fetch(request: Request): Response {
    const self = completeExports(this.ctx.exports as Record<string, unknown>);
    if (request.headers.get("upgrade") !== "websocket") return Response.json(describe(this.ctx));
    if (link !== undefined) return new Response(null, { status: 409 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    const opened = open(ours, self);
    link = opened;
    this.ctx.waitUntil(opened.run().catch(die));
    return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
  }
}

/** A Durable Object of the script. */
export const StepwellObject: typeof DurableObject = objectEntry(
  () => exported,
  {
    nameOf: (facetOf) => facetClasses.get(facetOf),
    make: (props) => facetClass(props),
  },
  () => (isFollowed ? log : undefined),
);

/** The context of a run. */
export class StepwellRun extends WorkerEntrypoint {
  async fetch(request: Request): Promise<Response> {
    const known = await places.inhabit(request.url, this.ctx);
    return new Response(null, { status: known ? 204 : 410 });
  }
}

/** Calls the handlers that the script has besides `fetch`. */
export class StepwellHandlers extends WorkerEntrypoint {
  async fetch(request: Request): Promise<Response> {
    const event = (await request.json()) as ScriptEvent;
    return Response.json(await handleEvent(event, exported["default"], env, this.ctx, log));
  }
}

function open(socket: Socket, loopback: Loopback): Link {
  socket.binaryType = "arraybuffer";
  socket.accept();
  const opened = new Link(socket, () => (runtime?.busy ?? 0) >= BUSY_FROM);
  const created = createRuntime({
    send: (frames) => {
      for (const parcel of encodeBatch(frames)) opened.send(typeof parcel === "string" ? parcel : chunkToBytes(parcel));
    },
    soon: (fire) => opened.soon(fire),
    now: Date.now,
    workflowClass,
    openPlace: (lost) =>
      places.open(loopback, (detail) => {
        // One answer is for all that have come by then.
        if (losses.push(() => lost(detail)) === 1) post({ type: "lost" });
      }),
    env,
    scope,
    reportThrown: log.reportThrown,
  });
  runtime = created;
  socket.addEventListener("message", ({ data }) => {
    try {
      receive(created, data);
    } catch (cause) {
      // A message that is passed over leaves a run waiting for ever.
      die(cause);
    }
  });
  const gone = (): void => {
    opened.close();
    places.cutAll();
  };
  socket.addEventListener("close", gone);
  socket.addEventListener("error", gone);
  return opened;
}

function receive(runtime: Runtime, data: unknown): void {
  if (typeof data !== "string") return runtime.receive([chunkFromBytes(new Uint8Array(data as ArrayBuffer))]);
  if (data.startsWith("[")) return runtime.receive(decodeToRuntime(data));
  const message = JSON.parse(data) as ToIsolate;
  switch (message.type) {
    case "called":
      return calls.answer(message.id, message.end);
    case "because":
      return explanations.answer(message.reference, message.incident);
    case "beat":
      return beat();
    case "follow":
      isFollowed = message.isFollowed;
      return;
    case "kept":
      for (const lose of losses.splice(0)) lose();
  }
}

/**
 * Ends the isolate, because it cannot go on. The host hears the reason by the socket. That can be closed in its own context
 * only; elsewhere the isolate is aborted, which the host finds with its next beat.
 */
function die(cause: unknown): void {
  if (isDying) return;
  isDying = true;
  const reason = `The isolate cannot go on: ${cause instanceof Error ? cause.message : String(cause)}`;
  console.error(reason);
  places.cutAll();
  try {
    link?.fail(reason);
  } catch {
    abortIsolate(reason);
  }
}

function beat(): void {
  post({ type: "beat", contexts: { open: places.size, begun: runtime?.begun ?? 0 } });
}

function post(message: FromIsolate): void {
  const { soon, send } = { soon: link?.soon.bind(link), send: link?.send.bind(link) };
  soon?.(() => send?.(JSON.stringify(message)));
}

function workflowClass(name: string): WorkflowClass | undefined {
  const found = Object.hasOwn(exported, name) ? exported[name] : undefined;
  return typeof found === "function" ? (found as WorkflowClass) : undefined;
}

function describe(context: object): Loaded {
  const { default: handlers } = exported;
  const holder: unknown = typeof handlers === "function" ? handlers.prototype : handlers;
  const hasFetch = typeof (holder as { fetch?: unknown } | undefined)?.fetch === "function";
  return { canCut: typeof (context as { abort?: unknown }).abort === "function", hasFetch };
}
