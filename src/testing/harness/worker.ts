/** A Worker of a test harness, as tests call it. */
import { refusal } from "./errors.ts";
import type { HarnessWorker, Session } from "./session.ts";
import type { Exported, WorkerHandle } from "./types.ts";

/** The session that runs, and a Worker of it. */
interface Found {
  readonly session: Session;
  readonly worker: HarnessWorker;
}

/** `find` rejects while there is no session, and for a Worker that is not in it. */
export function workerHandle<Env, Module extends { readonly default: unknown }>(
  find: () => Promise<Found>,
): WorkerHandle<Env, Module> {
  const refuse = (method: string, instead: string) => (): Promise<never> =>
    Promise.reject(refusal("unsupported", method, instead));
  return {
    fetch: async (input, init) => {
      const { session, worker } = await find();
      return session.fetch(worker, input, init);
    },
    scheduled: async ({ cron = "", scheduledTime = new Date() } = {}) => {
      const { session, worker } = await find();
      return session.scheduled(worker, cron, scheduledTime.getTime());
    },
    getEnv: async () => {
      const { session, worker } = await find();
      return (await session.env(worker)) as Env;
    },
    getExport: async () => {
      const { session, worker } = await find();
      return session.exported(worker) as Exported<Module["default"]>;
    },
    applyD1Migrations: async (bindingName) => {
      const { session, worker } = await find();
      await session.migrate(worker, bindingName);
    },
    introspectWorkflow: async (bindingName) => {
      const { session, worker } = await find();
      return session.introspectWorkflow(worker, bindingName);
    },
    introspectWorkflowInstance: async (bindingName, instanceId) => {
      const { session, worker } = await find();
      return session.introspectInstance(worker, bindingName, instanceId);
    },
    email: refuse("email", "workerd gives us no way to deliver mail; call what your email handler calls"),
    listDurableObjectIds: refuse("listDurableObjectIds", "keep the names of objects in the test, or have an object list them"),
    evictDurableObject: refuse(
      "evictDurableObject",
      "call reset() to start anew, or test what the object reads from its storage",
    ),
    getDurableObjectStorage: refuse(
      "getDurableObjectStorage",
      "call a method of the object through getEnv() that reads or writes it",
    ),
  };
}
