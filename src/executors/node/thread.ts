/** What runs in a worker thread: loads the script, and connects it with the host on the main thread. */
import { scheduler } from "node:timers/promises";
import { parentPort, workerData, type Transferable } from "node:worker_threads";
import { stackOf } from "../../model/values/thrown.ts";
import { waitUntil } from "../../runtime/cloudflare/workers.ts";
import { env } from "../../runtime/cloudflare/environment.ts";
import type { ExecutionContext } from "../../runtime/run/execution-context.ts";
import { sharedPlace } from "../../runtime/run/place.ts";
import { createRuntime, type Runtime } from "../../runtime/run/runtime.ts";
import { decodeToRuntime, encodeBatch } from "../../protocol/codec.ts";
import type { ScriptEvent } from "../../protocol/handlers.ts";
import { Calls } from "../../runtime/bindings/calls.ts";
import { captureConsole, scope } from "./console.ts";
import { handleEvent } from "../../runtime/handlers/handlers.ts";
import { envOf, processEnvOf } from "./bindings.ts";
import { describeLoadError, loadScript, type ScriptExports } from "./load.ts";
import type { FromThread, RequestParts, ThreadData, ToThread } from "./messages.ts";
import { Server } from "./serve.ts";

const { code, provisions, requestCf, stops } = workerData as ThreadData;
const log = captureConsole(post);
const { reportThrown } = log;
const calls = new Calls((id, call) => post({ type: "call", id, call }));
let loaded: { readonly runtime: Runtime; readonly server: Server; readonly exports: ScriptExports } | undefined;

Object.assign(
  env,
  envOf(provisions, (...about) => calls.call(...about)),
);
Object.assign(process.env, processEnvOf(provisions));
// A global of Workers which Node has in a module alone.
Object.assign(globalThis, { scheduler });
// A promise that a script has forgotten is no reason to stop its instances.
process.on("unhandledRejection", (reason) => reportThrown(stackOf(reason)));
process.on("uncaughtExceptionMonitor", (error) => reportThrown(stackOf(error)));
parentPort?.on("message", receive);
await load();

async function load(): Promise<void> {
  try {
    loaded = connect(await loadScript(code));
    post({ type: "loaded" });
  } catch (error) {
    post({ type: "unloadable", detail: describeLoadError(error, code) });
  }
}

function connect(exports: ScriptExports): NonNullable<typeof loaded> {
  const runtime = createRuntime({
    send: (frames) => {
      for (const parcel of encodeBatch(frames)) post(parcel, typeof parcel === "string" ? [] : [parcel.bytes.buffer]);
    },
    soon: setImmediate,
    now: Date.now,
    workflowClass: (name) => {
      const exported = Object.hasOwn(exports, name) ? exports[name] : undefined;
      return typeof exported === "function" ? (exported as never) : undefined;
    },
    openPlace: () => sharedPlace(context()),
    env,
    scope,
    reportThrown,
    stopsSent: () => Atomics.load(stops, 0),
  });
  return { runtime, server: new Server(exports, { env, requestCf }, context, log), exports };
}

function receive(message: ToThread): void {
  if (typeof message === "string") {
    loaded?.runtime.receive(decodeToRuntime(message));
    return;
  }
  switch (message.type) {
    case "chunk":
      loaded?.runtime.receive([message]);
      return;
    case "ping":
      // Through the loop by which runs say their frames.
      setImmediate(() => post({ type: "pong" }));
      return;
    case "fetch":
      void answer(message.id, message.request);
      return;
    case "abort":
      loaded?.server.abort(message.id);
      return;
    case "dispatch":
      void dispatch(message.id, message.event);
      return;
    case "called":
      calls.answer(message.id, message.end);
  }
}

async function dispatch(id: number, event: ScriptEvent): Promise<void> {
  post({ type: "dispatched", id, answer: await handleEvent(event, loaded?.exports["default"], env, context(), log) });
}

async function answer(id: number, request: RequestParts): Promise<void> {
  const end = await loaded?.server.answer(id, request);
  if (end === undefined) return;
  const body = end.kind === "answered" ? end.response.body : null;
  try {
    post({ type: "fetched", id, end }, body === null ? [] : [body]);
  } catch (cause) {
    // A body that has already been read cannot be transferred.
    post({ type: "fetched", id, end: { kind: "threw", message: String(cause) } });
  }
}

function context(): ExecutionContext {
  return {
    waitUntil,
    passThroughOnException: () => {},
    props: {},
    exports: {},
  };
}

function post(message: FromThread, transfer: readonly Transferable[] = []): void {
  parentPort?.postMessage(message, transfer);
}
