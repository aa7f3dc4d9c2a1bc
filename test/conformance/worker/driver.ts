/**
 * The Worker that carries a scenario's script out, through the workflow binding and nothing else. The very same source
 * runs on both systems.
 */
import type { Workflow, WorkflowInstance } from "../../../src/bindings/workflow/client.ts";
import { DEFAULT_ID, type Action } from "../scenario.ts";
import { seenBy } from "./observe.ts";
import { show } from "./show.ts";

/** What came of a scenario. */
export interface Outcome {
  /** What user code noted. */
  readonly seen: readonly string[];
  /** What the script's calls answered. */
  readonly answers: readonly string[];
  readonly status: string;
  readonly output: string;
  readonly error: string;
  /** Public events, oldest first. */
  readonly events: readonly string[];
}

/** An event of `subscribe()`, as far as it is compared. */
export interface SubscribedEvent {
  readonly type: string;
  readonly stepName?: string;
  readonly attempt?: number;
  readonly error?: { readonly name: string; readonly message: string };
  readonly retryDelayMs?: number;
}

const FINAL: ReadonlySet<string> = new Set(["complete", "errored", "terminated"]);
/** What stands for the status of an instance that there is not. */
const MISSING = "none";
/** Milliseconds between two looks, and in all, when the script waits for something. */
const LOOK_MS = 15;
const PATIENCE_MS = 10_000;

/** A driver for scripts, by the name of their workflow. The path of the request says which one. */
export function driver(scripts: Readonly<Record<string, readonly Action[]>>): {
  fetch(request: Request, env: Record<string, Workflow>): Promise<Response>;
} {
  return {
    fetch: async (request, env) => {
      const name = new URL(request.url).pathname.slice(1);
      const workflow = env[name.replaceAll("-", "_")];
      const script = scripts[name];
      if (workflow === undefined || script === undefined) return new Response(`No scenario "${name}"`, { status: 404 });
      return Response.json(await new Drive(name, workflow).run(script));
    },
  };
}

/** An event in one line. */
function showEvent({ type, stepName, attempt, error, retryDelayMs }: SubscribedEvent): string {
  const parts = [type, stepName, attempt !== undefined && `#${attempt}`, error && showInfo(error)];
  return [...parts, retryDelayMs !== undefined && `again in ${retryDelayMs}`].filter(Boolean).join(" ");
}

class Drive {
  readonly #name: string;
  readonly #workflow: Workflow;
  readonly #answers: string[] = [];
  #id = DEFAULT_ID;

  constructor(name: string, workflow: Workflow) {
    this.#name = name;
    this.#workflow = workflow;
  }

  async run(script: readonly Action[]): Promise<Outcome> {
    for (const [verb, argument] of script) {
      if (verb === "on") this.#id = argument;
      else if (verb === "until") await this.#until(`status ${argument}`, async () => (await this.#status()) === argument);
      else if (verb === "seen") await this.#until(`note ${show(argument)}`, () => this.#seen().includes(show(argument)));
      else if (verb === "end") await this.#untilEnd();
      else if (verb === "wait") await pause(argument);
      else await this.#answer(verb, argument);
    }
    return this.#outcome();
  }

  async #answer(verb: string, argument: unknown): Promise<void> {
    try {
      const value = await this.#call(verb, argument);
      if (value !== undefined) this.#answers.push(`${verb}: ${show(value)}`);
    } catch (error) {
      this.#answers.push(`${verb} rejected: ${show(error)}`);
    }
  }

  async #call(verb: string, argument: unknown): Promise<unknown> {
    const workflow = this.#workflow;
    switch (verb) {
      case "create":
        return void (await workflow.create(withId(argument, this.#id) as never));
      case "get":
        return (await workflow.get(argument as string)).id;
      case "createBatch": {
        const made = (await workflow.createBatch(argument as never)) as unknown as Batch;
        return Array.isArray(made) ? made.map(idOf) : { created: made.created.map(idOf), errors: made.errors };
      }
      case "deleteBatch":
        return workflow.deleteBatch(argument as never);
      case "events":
        return (await this.#events(argument)).map(withoutIdentity);
      case "status":
        return reported(await (await this.#instance()).status());
      default: {
        const instance = (await this.#instance()) as unknown as Record<string, (argument: unknown) => Promise<unknown>>;
        return instance[verb]?.(argument);
      }
    }
  }

  #instance(): Promise<WorkflowInstance> {
    return this.#workflow.get(this.#id);
  }

  async #status(): Promise<string> {
    try {
      return (await (await this.#instance()).status()).status;
    } catch {
      return MISSING;
    }
  }

  #seen(): readonly string[] {
    return seenBy(this.#name, this.#id);
  }

  async #until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      if (await done()) return;
      await pause(LOOK_MS);
    }
    this.#answers.push(`waited for ${what} in vain, at ${await this.#status()}`);
  }

  /** An instance that is not there, and does not appear either, has ended, too: it was refused. */
  async #untilEnd(): Promise<void> {
    let missing = 0;
    await this.#until("an end", async () => {
      const status = await this.#status();
      missing = status === MISSING ? missing + 1 : 0;
      return FINAL.has(status) || missing * LOOK_MS > 500;
    });
  }

  async #outcome(): Promise<Outcome> {
    const about = { seen: this.#seen(), answers: this.#answers };
    let instance: WorkflowInstance;
    try {
      instance = await this.#instance();
    } catch {
      return { ...about, status: MISSING, output: "", error: "", events: [] };
    }
    const { status, output, error } = await instance.status();
    // An instance that goes on would disturb what comes after; its events end when it does.
    if (!FINAL.has(status)) await instance.terminate().catch(() => {});
    const events = (await this.#events(undefined)).map(showEvent);
    // One system says null, another says nothing, where there is no output.
    return { ...about, status, output: show(output ?? undefined), error: showInfo(error), events };
  }

  async #events(options: unknown): Promise<SubscribedEvent[]> {
    const instance = (await this.#instance()) as unknown as { subscribe(options: unknown): Promise<Subscription> };
    const subscription = await instance.subscribe(options);
    const events: SubscribedEvent[] = [];
    for (;;) {
      const { done, value } = await subscription.next();
      if (done === true || value === undefined) return events;
      events.push(value);
    }
  }
}

interface Subscription {
  next(): Promise<{ readonly done?: boolean; readonly value?: SubscribedEvent }>;
}

type Batch = { readonly id: string }[] | { readonly created: readonly { readonly id: string }[]; readonly errors: unknown };

function withId(options: unknown, id: string): unknown {
  if (typeof options !== "object" || options === null) return options === undefined ? { id } : options;
  return { id, ...options };
}

/** What differs from run to run is of no interest. */
function withoutIdentity(event: SubscribedEvent): object {
  const { instanceId, eventId, timestamp, ...rest } = event as SubscribedEvent & Record<string, unknown>;
  void [instanceId, eventId, timestamp];
  return rest;
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

/** What a script may compare of `status()`. */
function reported({ status, output, error }: Awaited<ReturnType<WorkflowInstance["status"]>>): unknown {
  return { status, output: output ?? undefined, error: error ?? undefined };
}

function showInfo(error: { readonly name: string; readonly message: string } | undefined): string {
  return error === undefined ? "" : `${error.name}: ${error.message}`.replaceAll("\n", " ");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
