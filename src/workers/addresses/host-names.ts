/**
 * Which Worker answers under which host name, besides `<script>.localhost`: what the server was started with, which nothing
 * takes away, and what deployments ask for (`custom_domain` in wrangler's configuration). Names are looked up with every
 * request, so all of them are in memory. Routes by pattern come before them.
 */
import { Failure } from "../../model/failures/failure.ts";
import { isHostName } from "../../model/platform/host-name.ts";
import type { Addresses, HostName } from "../../ports/catalog/addresses.ts";
import { Routes } from "./routes.ts";

type Names = Readonly<Record<string, string>>;

export class HostNames {
  readonly routes: Routes = new Routes();
  readonly #catalog: Addresses;
  readonly #fixed: Names;
  #asked: Names = {};

  private constructor(catalog: Addresses, fixed: Names) {
    this.#catalog = catalog;
    this.#fixed = fixed;
  }

  /** Those that are known, with the `fixed` ones: scripts by host name. */
  static async open(catalog: Addresses, fixed: Names = {}): Promise<HostNames> {
    const names = new HostNames(catalog, fixed);
    await names.refresh();
    return names;
  }

  /** Reads the names and the routes again, which have changed. */
  async refresh(): Promise<void> {
    this.routes.set(await this.#catalog.routes());
    this.#asked = Object.fromEntries((await this.#catalog.hostNames()).map(({ hostName, script }) => [hostName, script]));
  }

  /** The script that a request is for. */
  scriptFor(url: URL): string | undefined {
    return this.routes.scriptFor(url) ?? this.scriptAt(url.hostname);
  }

  /** The script that answers under a name. */
  scriptAt(hostName: string): string | undefined {
    if (Object.hasOwn(this.#fixed, hostName)) return this.#fixed[hostName];
    return Object.hasOwn(this.#asked, hostName) ? this.#asked[hostName] : undefined;
  }

  /** All names, those of one script, if it is given. */
  list(script?: string): readonly HostName[] {
    const all = Object.entries({ ...this.#asked, ...this.#fixed }).map(([hostName, of]) => ({ hostName, script: of }));
    return script === undefined ? all : all.filter((each) => each.script === script);
  }

  /** Fails with `body` for what is no name, or is another script's by the server's own options. */
  check(script: string, hostNames: readonly string[]): void {
    hostNames.forEach((name, i) => this.#check(script, name, `origins[${i}].hostname`));
  }

  #check(script: string, name: string, field: string): void {
    if (!isHostName(name)) throw new Failure("body", { field, detail: `"${name}" is not a valid host name for a Worker` });
    const { [name]: fixed = script } = this.#fixed;
    if (fixed === script) return;
    throw new Failure("body", { field, detail: `The server was started with --host-name ${name}=${fixed}` });
  }
}
