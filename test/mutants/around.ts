/** Planted faults around the engine: request contexts, bindings, what comes round, queues. */
import type { Mutant } from "./mutant.ts";

export const AROUND: readonly Mutant[] = [
  {
    name: "a promise is settled in another request context and loses its own",
    invariant: 12,
    file: "runtime/run/settleable.ts",
    find: "  return Promise.withResolvers<T>();",
    replace:
      "  let settle: Pick<PromiseWithResolvers<T>, \"resolve\" | \"reject\"> | undefined;\n  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));\n  return { promise, ...settle! };",
  },
  {
    name: "a run begins steps while its instance is being paused",
    invariant: 5,
    file: "runtime/run/run.ts",
    find: "  pause(): void {\n    this.#paused = true;",
    replace: "  pause(): void {",
  },
];
