/** A binding of a kind that stepwell does not have: it is in `env`, and its use says what is missing instead of failing somewhere else. */

/** What is asked of every value: by `await`, `JSON.stringify` and printing. */
const HARMLESS = new Set(["then", "toJSON", "constructor", "inspect", "nodeType", "$$typeof"]);

/** What is in `env` for such a binding. */
export function unsupportedBinding(name: string, kind: string): object {
  return unusable(
    `The binding "${name}" (${kind}) is not supported by stepwell. ` +
      `Use the service over its HTTP API, or leave the binding out of the configuration and check for it: if (env.${name}) …`,
  );
}

/** An object whose properties cannot be used: that throws an error with this message. */
export function unusable(message: string): object {
  const refuse = (): never => {
    throw new Error(message);
  };
  return new Proxy(Object.freeze({}), {
    get: (target, key) => (typeof key === "symbol" || HARMLESS.has(key) ? Reflect.get(target, key) : refuse()),
    set: refuse,
  });
}
