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

/** Classes by name, with a method by which an alarm comes in: `alarm` itself cannot be called from outside. */
const classes = new Map<string, UserClass>();

/** A class of the script, to be made an object of. */
function objectClass(exported: Readonly<Record<string, unknown>>, name: string): UserClass {
  const known = classes.get(name);
  if (known !== undefined) return known;
  const found = Object.hasOwn(exported, name) ? exported[name] : undefined;
  if (typeof found !== "function") throw new TypeError(`The Worker exports no class "${name}"`);
  const Extended = class extends (found as UserClass) {
    async stepwellAlarm(info: unknown): Promise<void> {
      await this.alarm?.(info);
    }
  };
  classes.set(name, Extended);
  return Extended;
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
