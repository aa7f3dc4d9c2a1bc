/** Entrypoints of scripts, as other Workers call them: requests, and the methods of the class. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { OwnEntrypoint } from "../../../../bindings/loader/entrypoints.ts";
import { routed } from "../loader/assets.ts";
import { loaded, type Entrypoint } from "../loader/loaded.ts";
import { askHost } from "../loader/questions.ts";

/** Which Worker. */
interface Service {
  readonly script: string;
  readonly entrypoint?: string;
}

/** A Worker that a script is bound to. The version that is active at the time of a call is the one that gets it. */
export class ServiceFacade extends WorkerEntrypoint {
  constructor(context: never, env: never) {
    super(context, env);
    return passingOn(this, async () => {
      const { script, entrypoint } = this.ctx.props as Service;
      const { host } = await askHost({ ask: "callee", script });
      return loaded(this.env, host).getEntrypoint(entrypoint);
    });
  }

  async fetch(request: Request): Promise<Response> {
    const { script, entrypoint } = this.ctx.props as Service;
    const { host } = await askHost({ ask: "callee", script });
    const called = (given: Request): Promise<Response> => loaded(this.env, host).getEntrypoint(entrypoint).fetch(given);
    // A Worker as a whole answers with its assets, too; one of its classes does not.
    return entrypoint === undefined ? routed(this.env, host, request, called) : called(request);
  }
}

/** An entrypoint of one isolate of a script, which it gives to the Workers that it loads. */
export class EntrypointFacade extends WorkerEntrypoint {
  constructor(context: never, env: never) {
    super(context, env);
    return passingOn(this, () => Promise.resolve(entrypointOf(this.ctx.props, this.env)));
  }

  fetch(request: Request): Promise<Response> {
    return entrypointOf(this.ctx.props, this.env).fetch(request);
  }
}

function entrypointOf(of: unknown, env: unknown): Entrypoint {
  const { host, name, props } = of as OwnEntrypoint & { readonly host: string };
  return loaded(env, host).getEntrypoint(name, { props });
}

/** workerd looks methods up in the object, one by one: each passes its call on, with what it was given and what it gives. */
function passingOn<T extends WorkerEntrypoint>(facade: T, callee: () => Promise<Entrypoint>): T {
  return new Proxy(facade, {
    get: (self, name): unknown => {
      if (typeof name === "symbol" || name in self) return Reflect.get(self, name);
      return async (...args: never[]) => (await callee())[name]?.(...args);
    },
  });
}
