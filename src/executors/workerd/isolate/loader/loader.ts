/**
 * The one Worker that a process of workerd is started with: loads scripts, each into an isolate of its own, and forwards the
 * host's requests to them. Requests without the token get no answer, also those of user code.
 */
import { abortIsolate } from "cloudflare:workers";
import { settleable } from "../../../../runtime/run/settleable.ts";
import { HEADERS, type Loading } from "../../messages.ts";
import { withRequestId } from "../../host/request-id.ts";
import { loadAssets, routed } from "./assets.ts";
import { outboundOf } from "../facades/hyperdrive.ts";
import { stubs, type Entrypoints } from "../facades/stubs.ts";
import { loaded, look, type Isolate, type LoaderEnv } from "./loaded.ts";
import { moduleForms } from "./module-forms.ts";
import { answerBy } from "./questions.ts";
import { drainUnreadBody } from "./unread.ts";

export { AssetFiles, AssetsFacade } from "./assets.ts";
export { ObjectAlarm, ObjectsFacade, OuterObject } from "../facades/objects.ts";
export { EntrypointFacade, ServiceFacade } from "../facades/service.ts";
export { HyperdriveFacade } from "../facades/hyperdrive.ts";
export { StorageFacade } from "../facades/storage.ts";
export { WorkerLoaderFacade } from "../facades/workers.ts";

interface Env extends LoaderEnv {
  readonly TOKEN: string;
  /** What requests have in `cf`. */
  readonly REQUEST_CF: Readonly<Record<string, unknown>>;
}

interface Context {
  readonly exports: Entrypoints;
  waitUntil(promise: Promise<unknown>): void;
}

const loader: { fetch(request: Request, env: Env, context: Context): Promise<Response> } = {
  async fetch(request, env, context) {
    const { exports } = context;
    const about = (name: keyof typeof HEADERS): string => request.headers.get(HEADERS[name]) ?? "";
    if (about("token") !== env.TOKEN) return new Response(null, { status: 404 });
    const host = about("host");
    const isolate = (): Isolate => loaded(env, host);
    // An end of the isolate ends its requests: the host has to know that before it gets the answer.
    const answered = (ask: () => Promise<Response>): Promise<Response> => reported(ask, () => look(env, host));
    switch (about("ask")) {
      case "lifeline":
        return lifeline(context);
      case "load": {
        const { worker, facades, assets } = (await request.json()) as Loading;
        if (assets !== undefined) loadAssets(env, host, assets, exports["AssetFiles"]?.({ props: { host } }));
        return reported(() =>
          env.LOADER.get(host, () => ({
            ...worker,
            ...outboundOf(facades, exports),
            modules: moduleForms(worker.modules),
            env: { ...worker.env, ...stubs(facades, exports, host) },
          }))
            .getEntrypoint("StepwellLink")
            .fetch(new Request(request.url)),
        );
      }
      case "link":
        return isolate().getEntrypoint("StepwellLink").fetch(stripped(request, request.url));
      case "look":
        await look(env, host);
        return new Response(null, { status: 204 });
      case "dispatch":
        return answered(() => isolate().getEntrypoint("StepwellHandlers").fetch(stripped(request, request.url)));
      case "abort":
        aborts.get(about("request"))?.();
        return new Response(null, { status: 204 });
      default: {
        const { pathname, search } = new URL(request.url);
        const asked = stripped(request, about("origin") + pathname + search);
        // Without one, workerd would say where the host's own connection comes from.
        const cf = { ...env.REQUEST_CF, clientAcceptEncoding: request.headers.get("accept-encoding") ?? "" };
        const init = { cf } as RequestInit;
        return answered(() =>
          abortable(about("request"), (signal) =>
            drainUnreadBody(new Request(asked, { signal, ...init }), init, (whole) =>
              routed(env, host, whole, (given) => isolate().getEntrypoint(undefined, propsOf(about)).fetch(given)),
            ),
          ),
        );
      }
    }
  },
};

export default loader;

/** Properties for a request that is followed. Others are spared them: they cost some 300 us of CPU. */
function propsOf(about: (name: keyof typeof HEADERS) => string): { readonly props: unknown } | undefined {
  return about("follow") === "" ? undefined : { props: withRequestId(about("request")) };
}

/** How requests that have not been answered yet are aborted, by their numbers. */
const aborts = new Map<string, () => void>();

/** A request that the host may abort. The abort has to be sent: workerd does not notice that the client has disconnected. */
async function abortable(id: string, ask: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
  const abort = new AbortController();
  // Settled from without, followed within: a signal belongs to the context that it was made in.
  const { promise, resolve } = settleable();
  void promise.then(() => abort.abort());
  aborts.set(id, resolve);
  try {
    return await ask(abort.signal);
  } finally {
    aborts.delete(id);
  }
}

/**
 * While the host holds this socket the process lives, and answers on it. However the host ends, the process does not outlive
 * it; and neither does it outlive the loop by which it answers.
 */
function lifeline(context: Context): Response {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  ours.accept();
  context.waitUntil(
    answerBy(ours).catch((cause: unknown) => {
      console.error("The loader cannot answer any more:", cause);
      abortIsolate("The loader cannot answer any more");
    }),
  );
  const end = (): void => abortIsolate("The host is gone");
  ours.addEventListener("close", end);
  ours.addEventListener("error", end);
  return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
}

/** The answer of a script, or what it threw; which of them it is stands in a header that no script can set. */
async function reported(ask: () => Promise<Response>, threw: () => Promise<void> = async () => {}): Promise<Response> {
  try {
    const response = await ask();
    const answer = new Response(response.body, response);
    answer.headers.set(HEADERS.end, "answered");
    return answer;
  } catch (thrown) {
    await threw();
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Response(message, { headers: { [HEADERS.end]: "threw" } });
  }
}

/** The request as the script is to see it. */
function stripped(request: Request, url: string): Request {
  const copy = new Request(url, request);
  for (const name of Object.values(HEADERS)) copy.headers.delete(name);
  return copy;
}
