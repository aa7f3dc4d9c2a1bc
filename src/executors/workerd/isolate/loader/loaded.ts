/**
 * The isolates that the loader has. workerd drops one whose code calls `abortIsolate`, without notice: its requests in progress
 * go on, and the next request finds that it is missing. This file detects that and reports it to the host.
 */
import { askHost } from "./questions.ts";

/** An entrypoint of an isolate: a `fetch`, and whatever methods its class has. */
export interface Entrypoint {
  fetch(request: Request): Promise<Response>;
  readonly [method: string]: (...args: never[]) => unknown;
}

/** An isolate with a script in it. */
export interface Isolate {
  getEntrypoint(name?: string, options?: { readonly props?: unknown; readonly limits?: unknown }): Entrypoint;
  getDurableObjectClass(name: string, options: object): unknown;
}

/** What the loader is bound to. */
export interface LoaderEnv {
  readonly LOADER: { get(host: string, load: () => unknown): Isolate };
}

/** An isolate that has been loaded. What is asked of it rejects when it is gone. */
export function loaded(env: unknown, host: string): Isolate {
  return (env as LoaderEnv).LOADER.get(host, () => {
    void gone(host);
    throw new Error("The Worker has been stopped");
  });
}

/** Looks whether an isolate is still there. If not, the host knows by the time that this resolves. */
export async function look(env: unknown, host: string): Promise<void> {
  try {
    await loaded(env, host).getEntrypoint("StepwellLink").fetch(new Request("http://isolate.invalid/"));
  } catch {
    await gone(host);
  }
}

async function gone(host: string): Promise<void> {
  // The host always answers this, unless it is gone itself.
  await askHost({ ask: "gone", host }).catch(() => undefined);
}
