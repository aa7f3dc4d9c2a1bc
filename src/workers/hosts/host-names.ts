/**
 * Which Worker answers under which host name, besides `<script>.localhost`: what the server was started with, which nothing
 * takes away, and what deployments ask for (`custom_domain` in wrangler's configuration). Names are looked up with every
 * request, so all of them are in memory. Routes by pattern come before them.
 */
import { Failure } from "../../model/failures/failure.ts";
import { isHostName } from "../../model/platform/host-name.ts";
import type { Catalog } from "../../ports/catalog.ts";
import { Routes } from "./routes.ts";

/** The document that has the names that deployments asked for: scripts by host name. */
const SETTING = "host-names";

type Settings = Pick<Catalog, "setting" | "changeSetting">;

type Names = Readonly<Record<string, string>>;

export class HostNames {
  readonly routes: Routes;
  readonly #catalog: Settings;
  readonly #fixed: Names;
  #asked: Names = {};

  private constructor(catalog: Settings, fixed: Names, routes: Routes) {
    this.routes = routes;
    this.#catalog = catalog;
    this.#fixed = fixed;
  }

  /** Those that are known, with the `fixed` ones: scripts by host name. */
  static async open(catalog: Settings, fixed: Names = {}): Promise<HostNames> {
    const names = new HostNames(catalog, fixed, await Routes.open(catalog));
    names.#asked = parse(await catalog.setting(SETTING));
    return names;
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
  list(script?: string): readonly { readonly hostName: string; readonly script: string }[] {
    const all = Object.entries({ ...this.#asked, ...this.#fixed }).map(([hostName, of]) => ({ hostName, script: of }));
    return script === undefined ? all : all.filter((each) => each.script === script);
  }

  /**
   * These are the names of a script from now on, as far as deployments ask for them; it takes them from others.
   *
   * @throws Failure `body` for what is no name, or is another script's by the server's own options.
   */
  async replace(script: string, hostNames: readonly string[]): Promise<void> {
    hostNames.forEach((name, i) => this.#check(script, name, `origins[${i}].hostname`));
    await this.#catalog.changeSetting(SETTING, (json) => {
      const others = Object.entries(parse(json)).filter(([, of]) => of !== script);
      this.#asked = Object.fromEntries([...others, ...hostNames.map((name) => [name, script] as const)]);
      return JSON.stringify(this.#asked);
    });
  }

  #check(script: string, name: string, field: string): void {
    if (!isHostName(name)) throw new Failure("body", { field, detail: `"${name}" is not a valid host name for a Worker` });
    const { [name]: fixed = script } = this.#fixed;
    if (fixed === script) return;
    throw new Failure("body", { field, detail: `The server was started with --host-name ${name}=${fixed}` });
  }
}

function parse(json: string | undefined): Names {
  return json === undefined ? {} : (JSON.parse(json) as Names);
}
