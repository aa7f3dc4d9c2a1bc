/**
 * The user's class of a Durable Object, where it runs: a facet of an object of ours (`facades/objects.ts`), which has its own
 * storage but no alarms. Those are the outer object's, so that what is said of them here is asked there.
 */
import { DurableObject, type ObjectState } from "cloudflare:workers";
import { DurableObjectId } from "./bindings/objects.ts";
import type { ObjectProps } from "../messages.ts";

interface UserObject {
  alarm?(info: unknown): unknown;
}

type UserClass = new (state: ObjectState, env: unknown) => UserObject;

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
function openObject(exported: Readonly<Record<string, unknown>>, state: ObjectState, env: unknown): UserObject {
  const { className, id, name, alarms } = state.props as ObjectProps;
  const Class = objectClass(exported, className);
  const hasAlarm = typeof Class.prototype.alarm === "function";
  define(state, { id: new DurableObjectId(id, name), props: {} });
  define(state.storage, {
    setAlarm: async (at: number | Date): Promise<void> => {
      if (!hasAlarm) throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
      await alarms.set(Number(at));
    },
    getAlarm: (): Promise<number | null> => alarms.get(),
    deleteAlarm: (): Promise<void> => alarms.clear(),
  });
  return new Class(state, env);
}

function define(target: object, properties: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(properties)) Object.defineProperty(target, name, { value, configurable: true });
}

/** Is what workerd makes for each object; what it gives out is an object of the user's class. */
export function objectEntry(exported: () => Readonly<Record<string, unknown>>): typeof DurableObject {
  return class StepwellObject extends DurableObject {
    constructor(state: ObjectState, env: unknown) {
      super(state, env);
      return openObject(exported(), state, env) as StepwellObject;
    }
  };
}
