/**
 * What devalue leaves out, or refuses, and structured clone keeps: properties of arrays besides their items (`index` of what
 * `String.match` returns), and an own key `__proto__`. They are written behind the value, as patches to be made once it is there.
 */
import { defaultStringifyOperations, type StringifyOptions } from "devalue";

/** A property that a part of a value has besides what devalue writes of it. */
export type Patch = readonly [target: object, key: string, value: unknown];

/** Operations for what devalue cannot say and passes over. Symbols as keys are left out, as by structured clone. */
export function operations(patches: Set<Patch>): NonNullable<StringifyOptions["operations"]> {
  const add = (target: object, keys: readonly string[]): void => {
    for (const key of keys) patches.add([target, key, (target as Record<string, unknown>)[key]]);
  };
  return {
    lengthOf: (array: unknown[]) => {
      add(array, named(array));
      return array.length;
    },
    shapeOf: (object: object) => {
      const shape = defaultStringifyOperations.shapeOf(object);
      if (shape.kind === "not-plain") return shape;
      const keys = Object.keys(object);
      const kind = Object.getPrototypeOf(object) === null ? "null-proto" : "plain";
      const proto = keys.indexOf("__proto__");
      if (proto < 0) return { kind, keys };
      // With all that follow it, so that the order stays.
      add(object, keys.slice(proto));
      return { kind, keys: keys.slice(0, proto) };
    },
  };
}

/** Makes them. Properties are defined, not assigned: `__proto__` would change what the object inherits. */
export function apply(patches: ReadonlySet<Patch>): void {
  for (const [target, key, value] of patches)
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** True when an array has nothing but items. About 20 ns an item: JavaScript names properties only together with indexes. */
export function hasOnlyItems(array: readonly unknown[]): boolean {
  return Object.keys(array).length <= array.length;
}

/** The keys of an array that are no indexes: V8, and the language, have them last. */
function named(array: readonly unknown[]): string[] {
  const keys = Object.keys(array);
  let from = keys.length;
  while (from > 0 && !isIndex(keys[from - 1] ?? "", array.length)) from -= 1;
  return keys.slice(from);
}

function isIndex(key: string, length: number): boolean {
  return /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < length;
}
