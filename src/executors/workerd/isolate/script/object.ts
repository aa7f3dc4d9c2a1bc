/**
 * The user's class of a Durable Object, where it runs: a facet of an object of ours (`facades/objects.ts`), which has its own
 * storage but no alarms. Those are the outer object's, so that what is said of them here is asked there. Facets that user code makes
 * of it are made in the same way.
 */
import { DurableObject, type Facets, type FacetStart, type ObjectState } from "cloudflare:workers";
import { DurableObjectId } from "../../../../bindings/objects/namespace.ts";
import type { InvocationLog } from "../../../../runtime/handlers/invocation.ts";
import type { ObjectAlarms, ObjectProps } from "../../messages.ts";
import { watchHandlers } from "./object-handlers.ts";

interface UserObject {
  alarm?(info: unknown): unknown;
}

type UserClass = new (state: ObjectState, env: unknown) => UserObject;

/** Knows the classes of the script as `ctx.exports` has them. */
export interface FacetClasses {
  /** The name of such a class, or of one that is given by its namespace; undefined for any other. */
  nameOf(exported: unknown): string | undefined;
  /** The class that workerd makes a facet of, for the class of the script that the properties name. */
  make(props: ObjectProps): unknown;
}

/** By this an alarm comes in: `alarm` itself cannot be called from outside. */
const ALARM = "stepwellAlarm";

/** A class of the script, to be made an object of: the user's own, since its objects may ask what class they are of. */
function objectClass(exported: Readonly<Record<string, unknown>>, name: string): UserClass {
  const found = Object.hasOwn(exported, name) ? exported[name] : undefined;
  if (typeof found !== "function") throw new TypeError(`The Worker exports no class "${name}"`);
  const base = baseOf(found.prototype as object);
  if (!Object.hasOwn(base, ALARM)) define(base, { [ALARM]: ring });
  return found as UserClass;
}

/** The prototype that all others of a class come from: that of `DurableObject`, or the class's own if it extends nothing. */
function baseOf(prototype: object): object {
  const above = Object.getPrototypeOf(prototype) as object | null;
  return above === null || above === Object.prototype ? prototype : baseOf(above);
}

async function ring(this: UserObject, info: unknown): Promise<void> {
  await this.alarm?.(info);
}

/** Makes the object that `props` ask for. To be called with the state of a facet. */
function openObject(
  exported: Readonly<Record<string, unknown>>,
  facets: FacetClasses,
  state: ObjectState,
  env: unknown,
): UserObject {
  const { className, id, name, alarms } = state.props as ObjectProps;
  const Class = objectClass(exported, className);
  const own = new DurableObjectId(id, name);
  define(state, { id: own, props: {}, facets: facetsOf(state.facets, facets, own) });
  if (alarms !== undefined) defineAlarms(state, alarms, typeof Class.prototype.alarm === "function");
  return new Class(state, env);
}

function defineAlarms(state: ObjectState, alarms: ObjectAlarms, hasAlarm: boolean): void {
  define(state.storage, {
    setAlarm: async (at: number | Date): Promise<void> => {
      if (!hasAlarm) throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
      await alarms.set(Number(at));
    },
    getAlarm: (): Promise<number | null> => alarms.get(),
    deleteAlarm: (): Promise<void> => alarms.clear(),
  });
}

/** The facets of an object: those of the script's classes find the id that they are started with, with its name, or that of the object. */
function facetsOf(native: Facets, classes: FacetClasses, own: DurableObjectId): Facets {
  const started = ({ class: given, id = own, ...more }: FacetStart): FacetStart => {
    const className = classes.nameOf(given);
    if (className === undefined) return { class: given, id: String(id), ...more };
    const { name } = id as { readonly name?: string };
    const made = classes.make({ className, id: String(id), ...(name !== undefined && { name }) });
    return { class: made, id: String(id), ...more };
  };
  return {
    get: (name, start) => native.get(name, async () => started(await start())),
    abort: (name, reason) => native.abort(name, reason),
    delete: (name) => native.delete(name),
    clone: (source, name) => native.clone(source, name),
  };
}

function define(target: object, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) Object.defineProperty(target, name, { value, configurable: true });
}

/** Is what workerd makes for each object; what it gives out is an object of the user's class. */
export function objectEntry(
  exported: () => Readonly<Record<string, unknown>>,
  facets: FacetClasses,
  log: () => InvocationLog | undefined,
): typeof DurableObject {
  return class StepwellObject extends DurableObject {
    constructor(state: ObjectState, env: unknown) {
      super(state, env);
      const { className } = state.props as ObjectProps;
      const object = openObject(exported(), facets, state, env);
      watchHandlers(object, className, log);
      return object as StepwellObject;
    }
  };
}
