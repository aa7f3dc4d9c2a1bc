/** User code that performs a program, and has everything witnessed that it does and is given. */
import type { Workflow } from "../../src/bindings/workflow/client.ts";
import type { InstanceAddress } from "../../src/engine/contract.ts";
import { NonRetryableError } from "../../src/model/values/thrown.ts";
import type { WorkflowStepContext } from "../../src/runtime/steps/step-types.ts";
import type { WorkflowStep } from "../../src/runtime/cloudflare/workers.ts";
import { EVENT_TYPE, keyOf, type Act, type Program, type Work } from "./program.ts";

/** Sees what user code does and what it is given. */
export interface Witness {
  /** A callback or a rollback handler is called; answers how often it had been before. */
  called(step: string): number;
  /** It is about to throw; answers how often it had before. */
  throws(step: string): number;
  /** How often it has thrown. */
  thrown(step: string): number;
  /** Never resolves where the code would have been stopped. */
  rest(ms: number): Promise<void>;
  /** User code has been given the result of a step. */
  saw(step: string, result: unknown): unknown;
  sawError(step: string): unknown;
  /** An instance has been created, as the binding says. */
  made(child: InstanceAddress, id: string): void;
  /** Sends an event by binding, to the instance that created this one. */
  told(parent: InstanceAddress, payload: string, send: () => Promise<void>): Promise<void>;
}

/** The instance that has created this one. A type: what is no interface can be a value of a step. */
export type Parent = InstanceAddress;

/** What an instance knows of itself and of others. */
export interface Family extends InstanceAddress {
  readonly parent: Parent | undefined;
  readonly workflowOf: (name: string) => Workflow | undefined;
}

/** Of waits that do time out; longer than anything that a simulation does to an instance, in milliseconds. */
const WAIT_MS = 300_000;

/** Of steps that go on until they succeed. */
const PERSISTENT = retries(10_000);

/** User code that performs a program. */
export class Performance {
  readonly #step: WorkflowStep;
  readonly #witness: Witness;
  readonly #family: Family;
  readonly #counts: Map<string, number> = new Map();

  constructor(step: WorkflowStep, witness: Witness, family: Family) {
    this.#step = step;
    this.#witness = witness;
    this.#family = family;
  }

  /** Performs the program, and says so to the instance that has created this one. */
  async run(program: Program): Promise<unknown> {
    try {
      return await this.all(program);
    } finally {
      const { parent } = this.#family;
      if (parent !== undefined) await this.#tell(parent);
    }
  }

  /** Names differ by branch: the order of two parallel steps of one name is not promised. */
  async all(acts: Program, branch: string = ""): Promise<unknown[]> {
    const seen: unknown[] = [];
    for (const act of acts) seen.push(await this.#one(act, branch));
    return seen;
  }

  async #one(act: Act, branch: string): Promise<unknown> {
    switch (act.is) {
      case "do":
        return this.#do(act, branch);
      case "race":
        return Promise.race([this.#do(act, branch), this.#step.sleep(`${branch}longest`, "364 days").then(() => "outrun")]);
      case "late":
        return this.#late(branch + act.name);
      case "stream":
        return this.#stream(branch + act.name, act.chunks);
      case "caught":
        return this.#fails(branch + act.name, act.tries ?? 1).catch((error: unknown) => (error as Error).message);
      case "thrown":
        return this.#fails(branch + act.name, 1);
      case "sleep":
        await this.#step.sleep(`${branch}nap`, act.ms);
        this.#witness.saw(this.#key("sleep", `${branch}nap`), undefined);
        return "slept";
      case "wait":
        return this.#wait(`${branch}wait`, act.timesOut);
      case "child":
        return this.#child(branch, act);
      case "all":
        return Promise.all(act.branches.map((acts, i) => this.all(acts, `${branch}${i}.`)));
    }
  }

  async #do({ name, fails, ms, undo }: Work, branch: string): Promise<unknown> {
    const key = this.#key("do", branch + name);
    const tried = async (step: string, times: number): Promise<string> => {
      const before = this.#witness.called(step);
      if (ms > 0) await this.#witness.rest(ms);
      // Calls that were cut off before they threw do not count: they may not use up a retry.
      if (this.#witness.thrown(step) < times) throw new TypeError(`failure ${this.#witness.throws(step) + 1}`);
      return `${step} by call ${before + 1}`;
    };
    const rollback = {
      rollback: async ({ ctx }: { readonly ctx: WorkflowStepContext }): Promise<void> => {
        await tried(`undo ${ctx.step.name}-${ctx.step.count}`, undo ?? 0);
      },
      rollbackConfig: retries(undo ?? 0),
    };
    const callback = (): Promise<string> => tried(key, fails);
    return this.#settled(
      key,
      undo === null
        ? this.#step.do(branch + name, retries(fails), callback)
        : this.#step.do(branch + name, retries(fails), callback, rollback),
    );
  }

  async #late(name: string): Promise<unknown> {
    const key = this.#key("do", name);
    const result = this.#step.do(name, { ...retries(1), timeout: 1_000 }, async () => {
      const before = this.#witness.called(key);
      if (before === 0) await this.#witness.rest(5_000);
      return `${key} by call ${before + 1}`;
    });
    return this.#settled(key, result);
  }

  async #stream(name: string, chunks: number): Promise<unknown> {
    const key = this.#key("do", name);
    const brought = await this.#step.do(name, retries(0), () => {
      this.#witness.called(key);
      return streamOf(chunks) as unknown as string;
    });
    const text = await textIn(brought as unknown as ReadableStream<Uint8Array>);
    if (text !== textOf(chunks)) throw new Error(`The stream of ${key} came back as ${JSON.stringify(text)}`);
    return text;
  }

  async #fails(name: string, tries: number): Promise<unknown> {
    const key = this.#key("do", name);
    const result = this.#step.do(name, retries(tries - 1), () => {
      this.#witness.called(key);
      throw tries === 1 ? new NonRetryableError("fatal") : new TypeError("again and again");
    });
    return this.#settled(key, result);
  }

  async #wait(name: string, timesOut: boolean): Promise<unknown> {
    const key = this.#key("wait", name);
    const options = timesOut ? { type: "never", timeout: WAIT_MS } : { type: EVENT_TYPE, timeout: "365 days" as const };
    try {
      const { payload } = await this.#step.waitForEvent(name, options);
      this.#witness.saw(key, payload);
      return "woken";
    } catch (error) {
      this.#witness.sawError(key);
      return (error as Error).message;
    }
  }

  async #child(branch: string, { name, workflow }: { readonly name: string; readonly workflow: number }): Promise<unknown> {
    const { workflow: own, id, parent } = this.#family;
    if (parent !== undefined) return "has no children";
    const key = this.#key("do", branch + name);
    const child = { workflow: `Flow${workflow}`, id: `${id}-${key}`.replaceAll(/[^a-zA-Z0-9_-]/g, "_") };
    const made = this.#step.do(branch + name, PERSISTENT, async () => {
      this.#witness.called(key);
      const binding = this.#binding(child);
      const create = (): Promise<{ readonly id: string }> =>
        binding.create({ id: child.id, params: { parent: { workflow: own, id } } });
      const made = await binding.get(child.id).catch(create);
      this.#witness.made(child, made.id);
      return child.id;
    });
    await this.#settled(key, made);
    return this.#wait(`${branch}told`, false);
  }

  /** There may be no receiver any more. */
  async #tell(parent: Parent): Promise<void> {
    const key = this.#key("do", "tell");
    const told = this.#step.do("tell", PERSISTENT, async () => {
      const payload = `${this.#family.id} of ${this.#family.workflow}, call ${this.#witness.called(key) + 1}`;
      try {
        const instance = await this.#binding(parent).get(parent.id);
        await this.#witness.told(parent, payload, () => instance.sendEvent({ type: EVENT_TYPE, payload }));
      } catch (error) {
        if (!/not found|finite state|unconsumed/.test((error as Error).message)) throw error;
      }
      return payload;
    });
    await this.#settled(key, told);
  }

  #binding({ workflow }: InstanceAddress): Workflow {
    const binding = this.#family.workflowOf(workflow);
    if (binding === undefined) throw new Error(`There is no binding ${workflow}`);
    return binding;
  }

  async #settled(key: string, result: Promise<unknown>): Promise<unknown> {
    try {
      const value = await result;
      this.#witness.saw(key, value);
      return value;
    } catch (error) {
      this.#witness.sawError(key);
      throw error;
    }
  }

  #key(kind: "do" | "sleep" | "wait", name: string): string {
    const count = (this.#counts.get(`${kind} ${name}`) ?? 0) + 1;
    this.#counts.set(`${kind} ${name}`, count);
    return keyOf(kind, name, count);
  }
}

function retries(limit: number): {
  readonly retries: { readonly limit: number; readonly delay: number; readonly backoff: "constant" };
} {
  return { retries: { limit, delay: 100, backoff: "constant" } };
}

function textOf(chunks: number): string {
  return Array.from({ length: chunks }, (_, i) => `chunk ${i};`).join("");
}

/** Read by hand: what Node has for it waits for turns of the event loop that a simulation knows nothing of. */
async function textIn(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += new TextDecoder().decode(part.value);
  return text;
}

function streamOf(chunks: number): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next === chunks) return controller.close();
      controller.enqueue(new TextEncoder().encode(`chunk ${next};`));
      next += 1;
    },
  });
}
