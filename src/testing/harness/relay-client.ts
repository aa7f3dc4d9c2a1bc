/** The test's end of the relay (`relay.ts`): stands for Workers and Durable Objects in workerd. */
import type { ProjectConfig } from "../../workers/config/project.ts";
import { fileURLToPath } from "node:url";
import { OBJECT_HEADERS } from "../../bindings/objects/headers.ts";
import { DurableObjectNamespace, type ObjectsStub } from "../../bindings/objects/namespace.ts";
import { CALL_DEPTH, decode, encode } from "../../model/values/value.ts";
import type { Binding } from "../../ports/catalog/bindings.ts";
import { bundle } from "../../workers/build/bundle.ts";
import { plainBuild } from "../../workers/build/options.ts";
import { deploy } from "../../workers/deploy/deploy.ts";
import type { Publisher } from "../../workers/versions/publisher.ts";
import type { DispatchFetch } from "./types.ts";
import { RELAY_HEADERS, type RelayTarget } from "./relay-messages.ts";

/** The name of the relay among Workers. */
const RELAY = "stepwell-test-relay";

/** Calls a Worker by its name. */
type FetchWorker = (script: string, request: Request) => Promise<Response>;

export class Relay {
  readonly #publisher: Publisher;
  readonly #fetch: FetchWorker;
  /** What it is bound to so far, by what that is. */
  readonly #bindings: Map<string, Binding> = new Map();
  #deployed: Promise<unknown> | undefined;
  #deployedSize = 0;

  constructor(publisher: Publisher, fetch: FetchWorker) {
    this.#publisher = publisher;
    this.#fetch = fetch;
  }

  /** A Worker, or a class of its: its methods, and `fetch`. */
  service(service: string, entrypoint?: string): object {
    const named = { service, ...(entrypoint !== undefined && { entrypoint }) };
    const binding = this.#bind(`service ${service} ${entrypoint ?? ""}`, (name) => ({ type: "service", name, ...named }));
    const request: DispatchFetch = (input, init) => this.#request({ binding }, new Request(input, init));
    return new Proxy(
      { fetch: request },
      {
        get: (own, member): unknown => {
          if (member === "fetch") return own.fetch;
          if (typeof member === "symbol" || member === "then") return undefined;
          return (...args: unknown[]) => this.#call({ binding, member }, args);
        },
      },
    );
  }

  /** The Durable Objects of a class. */
  objects(script: string, className: string): DurableObjectNamespace {
    const type = "durable_object_namespace" as const;
    const binding = this.#bind(`objects ${script} ${className}`, (name) => ({ type, name, className, script }));
    const stub: ObjectsStub = {
      fetch: (request) => {
        const name = request.headers.get(OBJECT_HEADERS.name);
        const object = {
          id: request.headers.get(OBJECT_HEADERS.id) ?? "",
          ...(name !== null && { name: decodeURIComponent(name) }),
        };
        request.headers.delete(OBJECT_HEADERS.id);
        request.headers.delete(OBJECT_HEADERS.name);
        return this.#request({ binding, object }, request);
      },
      call: (object, member, args) => this.#call({ binding, object, member }, args),
      read: (object, member) => this.#call({ binding, object, member }),
    };
    return new DurableObjectNamespace(stub);
  }

  #bind(what: string, make: (name: string) => Binding): string {
    const known = this.#bindings.get(what) ?? make(`b${this.#bindings.size}`);
    this.#bindings.set(what, known);
    return known.name;
  }

  async #call(target: RelayTarget, args?: readonly unknown[]): Promise<unknown> {
    const body = args === undefined ? "" : encode(args, CALL_DEPTH);
    const answer = await this.#request(target, new Request("http://relay/", { method: "POST", body }));
    return decode(await answer.text());
  }

  async #request(target: RelayTarget, request: Request): Promise<Response> {
    await this.#ready();
    const asked = new Request(request);
    asked.headers.set(RELAY_HEADERS.target, encodeURIComponent(JSON.stringify(target)));
    const answer = await this.#fetch(RELAY, asked);
    if (!answer.headers.has(RELAY_HEADERS.threw)) return answer;
    const { name, message } = (await answer.json()) as Pick<Error, "name" | "message">;
    throw Object.assign(new Error(message), { name });
  }

  /** Deployed when it is first needed, and again when it needs to reach more. */
  async #ready(): Promise<void> {
    if (this.#deployedSize !== this.#bindings.size) {
      this.#deployedSize = this.#bindings.size;
      this.#deployed = deployRelay(this.#publisher, [...this.#bindings.values()]);
    }
    await this.#deployed;
  }
}

async function deployRelay(publisher: Publisher, bindings: readonly Binding[]): Promise<void> {
  // Sources run as `.ts`, the published package as `.js`.
  const main = fileURLToPath(new URL(`./relay${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url));
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const build = plainBuild(folder, main);
  const config: ProjectConfig = {
    name: RELAY,
    file: main,
    folder,
    bindings,
    build,
    workflows: [],
    databaseNames: {},
    routes: [],
    migrations: {},
    crons: [],
    queues: {},
    assets: {},
    compatibilityFlags: [],
    objects: { exports: {} },
    listen: { protocol: "http" },
    origin: { protocol: "http" },
    inputs: [],
    secretsFrom: [],
    warnings: [],
  };
  await deploy(publisher, config, await bundle(build));
}
