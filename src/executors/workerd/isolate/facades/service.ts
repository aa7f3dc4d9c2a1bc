/**
 * Another Worker, as a script that is bound to it calls it: requests, and the methods of its entrypoint. The version that is
 * active at the time of a call is the one that gets it.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { routed } from "../loader/assets.ts";
import { loaded, type Entrypoint } from "../loader/loaded.ts";
import { askHost } from "../loader/questions.ts";

/** Which Worker. */
interface Props {
  readonly script: string;
  readonly entrypoint?: string;
}

export class ServiceFacade extends WorkerEntrypoint {
  constructor(context: never, env: never) {
    super(context, env);
    // workerd looks methods up here, one by one: each passes its call on, with what it was given and what it gives.
    return new Proxy(this, {
      get: (self, name): unknown => {
        if (typeof name === "symbol" || name in self) return Reflect.get(self, name);
        return async (...args: never[]) => (await callee(self.ctx.props, self.env))[name]?.(...args);
      },
    });
  }

  async fetch(request: Request): Promise<Response> {
    const { script, entrypoint } = this.ctx.props as Props;
    const { host } = await askHost({ ask: "callee", script });
    const called = (given: Request): Promise<Response> => loaded(this.env, host).getEntrypoint(entrypoint).fetch(given);
    // A Worker as a whole answers with its assets, too; one of its classes does not.
    return entrypoint === undefined ? routed(this.env, host, request, called) : called(request);
  }
}

async function callee(props: unknown, env: unknown): Promise<Entrypoint> {
  const { script, entrypoint } = props as Props;
  const { host } = await askHost({ ask: "callee", script });
  return loaded(env, host).getEntrypoint(entrypoint);
}
