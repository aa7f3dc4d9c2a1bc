/**
 * Which Worker answers under which host name, besides `<script>.localhost`: what the server was started with, which nothing
 * takes away, and what deployments ask for (`custom_domain` in wrangler's configuration). Routes by pattern come before them.
 * The catalogue is asked with every request, so no change is missed; its lists are in memory.
 */
import { Failure } from "../../model/failures/failure.ts";
import { isHostName } from "../../model/platform/host-name.ts";
import type { Addresses, HostName, Route } from "../../ports/catalog/addresses.ts";
import { parsedRoutes, scriptOn, type ParsedRoute } from "./routes.ts";

type Names = Readonly<Record<string, string>>;

export class HostNames {
  readonly #catalog: Addresses;
  readonly #fixed: ReadonlyMap<string, string>;
  readonly #parsed: (routes: readonly Route[]) => readonly ParsedRoute[] = latest(parsedRoutes);
  readonly #merged: (deployed: readonly HostName[]) => ReadonlyMap<string, string> = latest((deployed) => {
    const names = deployed.map(({ hostName, script }) => [hostName, script] as const);
    return new Map([...names, ...this.#fixed]);
  });

  /** `fixed`: scripts by host name. */
  constructor(catalog: Addresses, fixed: Names = {}) {
    this.#catalog = catalog;
    this.#fixed = new Map(Object.entries(fixed));
  }

  /** The script that a request is for. */
  async scriptFor(url: URL): Promise<string | undefined> {
    return scriptOn(this.#parsed(await this.#catalog.routes()), url) ?? (await this.scriptAt(url.hostname));
  }

  /** The script that answers under a name. */
  async scriptAt(hostName: string): Promise<string | undefined> {
    return this.#merged(await this.#catalog.hostNames()).get(hostName);
  }

  /** All names, those of one script, if it is given. */
  async list(script?: string): Promise<readonly HostName[]> {
    const all = [...this.#merged(await this.#catalog.hostNames())].map(([hostName, of]) => ({ hostName, script: of }));
    return script === undefined ? all : all.filter((each) => each.script === script);
  }

  /** Fails with `body` for what is no name, or is another script's by the server's own options. */
  check(script: string, hostNames: readonly string[]): void {
    hostNames.forEach((name, i) => this.#check(script, name, `origins[${i}].hostname`));
  }

  #check(script: string, name: string, field: string): void {
    if (!isHostName(name)) throw new Failure("body", { field, detail: `"${name}" is not a valid host name for a Worker` });
    const fixed = this.#fixed.get(name) ?? script;
    if (fixed === script) return;
    throw new Failure("body", { field, detail: `The server was started with --host-name ${name}=${fixed}` });
  }
}

/** What is made of a list, which is made again when the list is another one. */
function latest<A extends object, B>(make: (list: A) => B): (list: A) => B {
  let last: { readonly list: A; readonly made: B } | undefined;
  return (list) => {
    if (last?.list !== list) last = { list, made: make(list) };
    return last.made;
  };
}
