/**
 * The loader's side of Durable Objects. Each object of a user is a facet of one of ours, in the same place of the disk: ours
 * knows which isolate has the newest code and starts the facet anew when that changes, and keeps its alarm.
 */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { OBJECT_HEADERS, type ObjectName } from "../../../../bindings/objects/headers.ts";
import type { ObjectAlarms, ObjectProps } from "../../messages.ts";
import { loaded } from "../loader/loaded.ts";
import { askHost } from "../loader/questions.ts";

/** Which class. */
interface ClassName {
  readonly script: string;
  readonly className: string;
}

/** An object to be called, and the isolate that has its class. */
interface Address extends ClassName, ObjectName {
  readonly namespace: string;
  readonly host: string;
}

type Facet = Record<string, (...args: readonly unknown[]) => unknown> & { fetch(request: Request): Promise<Response> };

interface Env {
  readonly OBJECTS: { idFromName(name: string): object; idFromString(id: string): object; get(id: object): OuterObject };
}

/** A namespace that a script is bound to. */
export class ObjectsFacade extends WorkerEntrypoint {
  async call(object: ObjectName, method: string, args: readonly unknown[]): Promise<unknown> {
    const { outer, address } = await find(this.env, this.ctx.props, object);
    return outer.call(address, method, args);
  }

  async read(object: ObjectName, property: string): Promise<unknown> {
    const { outer, address } = await find(this.env, this.ctx.props, object);
    return outer.read(address, property);
  }

  async fetch(request: Request): Promise<Response> {
    const name = request.headers.get(OBJECT_HEADERS.name);
    const object = { id: request.headers.get(OBJECT_HEADERS.id) ?? "", ...(name !== null && { name: decodeURIComponent(name) }) };
    const { outer, address } = await find(this.env, this.ctx.props, object);
    const asked = new Request(request);
    asked.headers.delete(OBJECT_HEADERS.id);
    asked.headers.delete(OBJECT_HEADERS.name);
    asked.headers.set(OBJECT_HEADERS.address, encodeURIComponent(JSON.stringify(address)));
    return outer.fetch(asked);
  }
}

async function find(env: unknown, props: unknown, object: ObjectName): Promise<{ outer: OuterObject; address: Address }> {
  const { script, className } = props as ClassName;
  const { host, namespace } = await askHost({ ask: "object", script, className });
  const { OBJECTS } = env as Env;
  const outer = OBJECTS.get(OBJECTS.idFromName(`${namespace}/${object.id}`));
  return { outer, address: { ...object, script, className, namespace, host } };
}

/** The alarm of one object, for its own code. */
export class ObjectAlarm extends WorkerEntrypoint {
  set(at: number): Promise<void> {
    return this.#outer().setAlarm(at);
  }

  get(): Promise<number | null> {
    return this.#outer().getAlarm();
  }

  clear(): Promise<void> {
    return this.#outer().deleteAlarm();
  }

  #outer(): OuterObject {
    const { OBJECTS } = this.env as Env;
    return OBJECTS.get(OBJECTS.idFromString((this.ctx.props as { readonly outer: string }).outer));
  }
}

const FACET = "object";

/** Under which an object's address is kept, for its alarm. */
const ADDRESS = "address";

export class OuterObject extends DurableObject {
  /** The isolate that the facet runs in. */
  #running: string | undefined;

  call(address: Address, method: string, args: readonly unknown[]): unknown {
    return this.#facet(address)[method]?.(...args);
  }

  read(address: Address, property: string): unknown {
    return this.#facet(address)[property];
  }

  fetch(request: Request): Promise<Response> {
    const address = JSON.parse(decodeURIComponent(request.headers.get(OBJECT_HEADERS.address) ?? "")) as Address;
    const asked = new Request(request);
    asked.headers.delete(OBJECT_HEADERS.address);
    return this.#facet(address).fetch(asked);
  }

  setAlarm(at: number): Promise<void> {
    return this.ctx.storage.setAlarm(at);
  }

  getAlarm(): Promise<number | null> {
    return this.ctx.storage.getAlarm();
  }

  deleteAlarm(): Promise<void> {
    return this.ctx.storage.deleteAlarm();
  }

  async alarm(info: { readonly retryCount: number; readonly isRetry: boolean }): Promise<void> {
    const known = this.ctx.storage.kv.get(ADDRESS) as Address;
    // The class may have another name since then.
    const { host, className } = await askHost({ ask: "class", script: known.script, namespace: known.namespace });
    const { retryCount, isRetry } = info;
    await this.#facet({ ...known, className, host })["stepwellAlarm"]?.({ retryCount, isRetry });
  }

  /** The user's object, with the newest code that has been heard of. It may have outlived what is known here. */
  #facet(address: Address): Facet {
    const { kv } = this.ctx.storage;
    const before = this.#running ?? (kv.get(ADDRESS) as Address | undefined)?.host;
    const isOther = this.#running === undefined ? before !== address.host : isNewer(address.host, this.#running);
    if (isOther && before !== undefined)
      this.ctx.facets.abort(FACET, new Error("Durable Object reset because its code was updated."));
    if (isOther) kv.put(ADDRESS, address);
    if (isOther || this.#running === undefined) this.#running = address.host;
    return this.ctx.facets.get(FACET, () => this.#start(address, this.#running ?? address.host)) as Facet;
  }

  #start({ id, name, className }: Address, host: string): { readonly class: unknown; readonly id: string } {
    const { ObjectAlarm: alarms } = this.ctx.exports as { ObjectAlarm: (options: object) => ObjectAlarms };
    const props: ObjectProps = {
      className,
      id,
      ...(name !== undefined && { name }),
      alarms: alarms({ props: { outer: this.ctx.id.toString() } }),
    };
    return { class: loaded(this.env, host).getDurableObjectClass("StepwellObject", { props }), id };
  }
}

/** Isolates are numbered as they are opened; a call may come late that was meant for an older one. */
function isNewer(host: string, than: string): boolean {
  return numberOf(host) > numberOf(than);
}

function numberOf(host: string): number {
  return Number(host.slice(host.lastIndexOf(".") + 1));
}
