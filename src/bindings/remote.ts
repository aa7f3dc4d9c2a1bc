/** What is called elsewhere, as user code sees it: any name is a method, and can be read as a property. */

/** `own` is what it has itself. */
export function remote(
  own: Readonly<Record<string, unknown>>,
  call: (method: string, args: readonly unknown[]) => unknown,
  read: (property: string) => PromiseLike<unknown>,
): unknown {
  return new Proxy(own, {
    get: (_, name): unknown => {
      if (typeof name === "symbol" || name === "then") return undefined;
      return Object.hasOwn(own, name) ? own[name] : member(name, call, read);
    },
  });
}

function member(name: string, call: Parameters<typeof remote>[1], read: Parameters<typeof remote>[2]): unknown {
  const method = (...args: unknown[]): unknown => call(name, args);
  const then: PromiseLike<unknown>["then"] = (resolved, rejected) => read(name).then(resolved, rejected);
  // oxlint-disable-next-line unicorn/no-thenable -- what is read of a stub is a promise and can be called, both at once
  return Object.assign(method, { then });
}
