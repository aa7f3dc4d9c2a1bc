/** Routes by pattern: which Worker a request is for by its host and path. They are looked at with every request, so all are in memory. */
import { Failure } from "../../model/failures/failure.ts";
import { isHostName } from "../../model/platform/host-name.ts";
import { bySpecificity, matchesHost, matchesRoute, routePattern, type RoutePattern } from "../../model/platform/route-pattern.ts";
import type { Catalog } from "../../ports/catalog.ts";

/** The document that has them: scripts by pattern. */
const SETTING = "routes";

type Settings = Pick<Catalog, "setting" | "changeSetting">;

export interface Route {
  readonly pattern: string;
  readonly script: string;
}

interface Known extends RoutePattern {
  readonly script: string;
}

export class Routes {
  readonly #catalog: Settings;
  /** The more specific ones first. */
  #known: readonly Known[] = [];

  private constructor(catalog: Settings) {
    this.#catalog = catalog;
  }

  static async open(catalog: Settings): Promise<Routes> {
    const routes = new Routes(catalog);
    routes.#known = known(parse(await catalog.setting(SETTING)));
    return routes;
  }

  /** The script that a request is for. */
  scriptFor(url: URL): string | undefined {
    return this.#known.find((route) => matchesRoute(route, url))?.script;
  }

  list(): readonly Route[] {
    return this.#known.map(({ text, script }) => ({ pattern: text, script }));
  }

  /**
   * These are the routes of a script from now on. `ownHost` is that of the server itself, which no route may hide.
   *
   * @throws Failure `body` for what is no pattern, hides the server, or is another script's.
   */
  async replace(script: string, patterns: readonly string[], ownHost?: string): Promise<void> {
    await this.#catalog.changeSetting(SETTING, (json) => {
      const others = Object.entries(parse(json)).filter(([, of]) => of !== script);
      patterns.forEach((text, i) => check(text, `[${i}].pattern`, ownHost, new Map(others)));
      const all = Object.fromEntries([...others, ...patterns.map((text) => [text, script] as const)]);
      this.#known = known(all);
      return JSON.stringify(all);
    });
  }
}

function check(text: string, field: string, ownHost: string | undefined, others: ReadonlyMap<string, string>): void {
  const refuse = (detail: string): never => {
    throw new Failure("body", { field, detail });
  };
  const pattern = routePattern(text);
  if (pattern === undefined)
    return refuse(`"${text}" is not a valid pattern: * is allowed at the start of the host and at the end of the path`);
  if (!isHostName(pattern.host.replace(/^\./, ""))) refuse(`"${pattern.host}" is not a valid host name for a Worker`);
  if (ownHost !== undefined && matchesHost(pattern, ownHost)) refuse(`${ownHost} is reserved for the API of this server`);
  const taken = others.get(text);
  if (taken !== undefined) refuse(`"${text}" is a route of the Worker "${taken}"`);
}

function known(scripts: Readonly<Record<string, string>>): readonly Known[] {
  return Object.entries(scripts)
    .flatMap(([text, script]) => {
      const pattern = routePattern(text);
      return pattern === undefined ? [] : [{ ...pattern, script }];
    })
    .sort(bySpecificity);
}

function parse(json: string | undefined): Readonly<Record<string, string>> {
  return json === undefined ? {} : (JSON.parse(json) as Record<string, string>);
}
