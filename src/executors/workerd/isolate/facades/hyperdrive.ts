/**
 * The way to databases, whose addresses Workers need not be able to reach. Drivers open sockets by name, so a Worker that is bound to
 * databases opens all of its sockets here: names of databases lead to those, everything else where it would have led anyway.
 */
import { connect, type Socket } from "cloudflare:sockets";
import { WorkerEntrypoint } from "cloudflare:workers";
import type { Facade } from "../../messages.ts";
import type { Entrypoints } from "./stubs.ts";

interface Env {
  /** A network without rules, which no Worker is given. */
  readonly DATABASES: { connect(address: string): Socket };
}

interface Props {
  /** Addresses of databases, by the addresses that the Worker knows them by. */
  readonly databases: Readonly<Record<string, string>>;
}

export class HyperdriveFacade extends WorkerEntrypoint {
  async connect(inner: Socket): Promise<void> {
    const { localAddress = "" } = await inner.opened;
    const { databases } = this.ctx.props as Props;
    const database = databases[localAddress];
    const outer = database === undefined ? connect(localAddress) : (this.env as Env).DATABASES.connect(database);
    await Promise.all([inner.readable.pipeTo(outer.writable), outer.readable.pipeTo(inner.writable)]);
  }

  fetch(request: Request): Promise<Response> {
    return fetch(request);
  }
}

/** Where what a Worker asks of the network goes, if it is bound to databases. */
export function outboundOf(
  facades: Readonly<Record<string, Facade>>,
  entrypoints: Entrypoints,
): { readonly globalOutbound?: unknown } {
  const bound = Object.values(facades).filter(({ facade }) => facade === "HyperdriveFacade");
  if (bound.length === 0) return {};
  const databases: unknown = Object.assign({}, ...bound.map(({ props }) => (props as Props).databases));
  return { globalOutbound: entrypoints["HyperdriveFacade"]?.({ props: { databases } }) };
}
