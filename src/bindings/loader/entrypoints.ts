/**
 * The entrypoints that a script exports, as it finds them in `ctx.exports`. workerd does not transfer those of a Worker that was
 * loaded at run time, as all scripts are here, so a worker loader names them instead: by class and properties.
 */

/** An entrypoint of the script itself. */
export interface OwnEntrypoint {
  /** The class that exports it. */
  readonly name: string;
  readonly props?: unknown;
}

const known: WeakMap<object, OwnEntrypoint> = new WeakMap();
let isWanted = false;

/** To be called before `namedEntrypoint`: scripts without a worker loader keep workerd's own objects. */
export function wantEntrypoints(): void {
  isWanted = true;
}

/** Which entrypoint a value stands for; undefined for every other value. */
export function ownEntrypoint(value: unknown): OwnEntrypoint | undefined {
  return (typeof value === "object" && value !== null) || typeof value === "function" ? known.get(value) : undefined;
}

/** What `ctx.exports` is to have under a name: an entrypoint is known again, and so is what it makes with properties. */
export function namedEntrypoint(name: string, exported: unknown): unknown {
  if (!isWanted || !isEntrypoint(exported)) return exported;
  const named = new Proxy(exported, {
    // Of its own, an entrypoint has methods that work on workerd's object alone; any other name is a method of the class.
    get: (target, key): unknown => {
      const value: unknown = Reflect.get(target, key, target);
      return key in Object.getPrototypeOf(target) && typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
    apply: (target, self, args: [{ readonly props?: unknown }?]) => {
      const made = Reflect.apply<typeof self, typeof args, object>(target, self, args);
      known.set(made, { name, props: args[0]?.props });
      return made;
    },
  });
  known.set(named, { name });
  return named;
}

function isEntrypoint(value: unknown): value is (options?: object) => object {
  return typeof value === "function" && value.constructor.name === "LoopbackServiceStub";
}
