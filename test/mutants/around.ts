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
  {
    name: "an event by binding is acknowledged before it is durable",
    invariant: 7,
    file: "api/binding/workflow.ts",
    find: "    return engine.sendEvent(address, type, encode(payload));",
    replace: "    void engine.sendEvent(address, type, encode(payload)).catch(() => {});\n    return Promise.resolve();",
  },
  {
    name: "a creation by binding is acknowledged before it is durable",
    invariant: 7,
    file: "api/binding/workflow.ts",
    find: `    return (await createOne(engine, workflow, toRequest(parse(createOptions, options)), "binding")).id;`,
    replace: `    const request = toRequest(parse(createOptions, options));\n    void createOne(engine, workflow, request, "binding").catch(() => {});\n    return request.id;`,
  },
  {
    name: "the answer of a binding goes to the call that waits longest",
    invariant: 1,
    file: "runtime/bindings/calls.ts",
    find: "    const waiting = this.#waiting.get(id);\n    this.#waiting.delete(id);",
    replace: "    const [[first, waiting] = [id, undefined]] = this.#waiting;\n    this.#waiting.delete(first);",
  },
  {
    name: "a schedule counts as followed before its instance is there",
    invariant: 6,
    file: "engine/upkeep/schedules.ts",
    find: "    const [made] = await create(",
    replace: "    await verbs.core.catalog.follow(entry, scheduledTime);\n    const [made] = await create(",
  },
  {
    name: "a schedule whose instance is there already is never followed",
    invariant: 13,
    file: "engine/upkeep/schedules.ts",
    find: `    if (made instanceof Failure && made.failure !== "instance.already_exists") throw made;`,
    replace: "    if (made instanceof Failure) throw made;",
  },
  {
    name: "no alarm is set for the next boundary",
    invariant: 13,
    file: "engine/upkeep/schedules.ts",
    find: "    return Math.min(...times, clock.now() + POLL_MS);",
    replace: "    return Math.max(...times, clock.now() + POLL_MS);",
  },
  {
    name: "what is followed once more is begun once more",
    invariant: 6,
    file: "workers/crons/cron.ts",
    find: "      if ((this.#begun.get(key) ?? 0) >= boundary) return;",
    replace: "",
  },
  {
    name: "the clock decides what a schedule has been followed to",
    invariant: 6,
    file: "model/time/cron.ts",
    find: "  return latest !== undefined && latest > followedTo ? latest : undefined;",
    replace: "  return latest !== undefined && latest > Math.min(followedTo, now) ? latest : undefined;",
  },
];
