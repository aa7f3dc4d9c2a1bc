/** The code of a script version in one host: a class for each program, and handlers. All that it does and is given is witnessed. */
import type { InstanceAddress } from "../../../src/engine/contract.ts";
import type { Workflow } from "../../../src/bindings/workflow/client.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { WorkflowStep } from "../../../src/runtime/cloudflare/workers.ts";
import type { MessageBatch } from "../../../src/runtime/handlers/message-batch.ts";
import type { ScheduledController } from "../../../src/runtime/handlers/handlers.ts";
import { Performance, type Parent, type Witness } from "../performance.ts";
import type { Program } from "../program.ts";
import type { Order } from "../plan.ts";
import type { Script, SimulatedHost } from "./host.ts";
import { workflowName, type World } from "./world.ts";

/** How long a `scheduled` handler takes, in milliseconds. */
const SCHEDULED_MS = 200;

interface RunEvent {
  readonly workflowName: string;
  readonly instanceId: string;
  readonly payload: { readonly parent?: Parent };
}

type Env = Readonly<Record<string, Workflow>>;

export function scriptOf(world: World, { id, script }: ScriptVersion, host: SimulatedHost): Script {
  const classes = world.programs.map((program, i) => [workflowName(i), classOf(world, program, host, id)] as const);
  const scheduled = async ({ cron, scheduledTime }: ScheduledController): Promise<void> => {
    world.timetable.called(host.server.name, script, { cron, scheduledTime });
    await rest(SCHEDULED_MS);
  };
  return {
    classes: Object.fromEntries(classes),
    handlers: { scheduled, queue: (batch: MessageBatch<Order>) => consume(world, batch) },
  };
}

/** One message after the other; what throws leaves those after it unsaid. */
async function consume({ calls }: World, { messages }: MessageBatch<Order>): Promise<void> {
  for (const message of messages) {
    const { fails, throws, ms } = message.body;
    if (ms > 0) await rest(ms);
    const before = calls.get(message.id) ?? 0;
    calls.set(message.id, before + 1);
    if (before >= fails) message.ack();
    else if (throws) throw new TypeError("not yet");
    else message.retry();
  }
}

/** The class of a workflow. */
function classOf(
  world: World,
  program: Program,
  host: SimulatedHost,
  scriptVersionId: string,
): new (context: unknown, env: Env) => { run(event: RunEvent, step: WorkflowStep): Promise<unknown> } {
  return class {
    readonly #env: Env;

    constructor(_context: unknown, env: Env) {
      this.#env = env;
    }

    async run(event: RunEvent, step: WorkflowStep): Promise<unknown> {
      const { workflowName: workflow, instanceId: id, payload } = event;
      const run = { isOver: false };
      const life = host.lives.get(`${workflow} ${id}`) ?? 0;
      world.begunIn.set(`${workflow} ${id}`, host);
      const witness = witnessOf(world, host, { workflow, id, life, scriptVersionId }, run);
      const family = { workflow, id, parent: payload.parent, workflowOf: (name: string) => this.#env[name] };
      try {
        return await new Performance(step, witness, family).run(program);
      } finally {
        run.isOver = true;
      }
    }
  };
}

interface About extends InstanceAddress {
  readonly life: number;
  readonly scriptVersionId: string;
}

function witnessOf(world: World, host: SimulatedHost, about: About, run: { readonly isOver: boolean }): Witness {
  const { calls, checker } = world;
  const { workflow, id, life, scriptVersionId } = about;
  const count = (key: string): number => {
    const before = calls.get(key) ?? 0;
    calls.set(key, before + 1);
    return before;
  };
  return {
    called: (step) => {
      const isNewest = world.holder === host.server && world.begunIn.get(`${workflow} ${id}`) === host;
      checker.called(about, step, isNewest, scriptVersionId);
      return count(`${workflow} ${id} ${step}`);
    },
    throws: (step) => count(`${workflow} ${id} ${step} throws`),
    thrown: (step) => calls.get(`${workflow} ${id} ${step} throws`) ?? 0,
    rest,
    // Branches that are left behind when the run has ended are given whatever there is.
    saw: (step, result) => run.isOver || checker.saw(about, life, step, result),
    sawError: (step) => run.isOver || checker.sawError(about, life, step),
    made: (child, made) => {
      checker.expect(made === child.id, () => `${child.id} was asked for by binding, and the answer is ${made}`);
      checker.expect(checker.wasThere(child), () => `${child.id} was made by binding and is not on the disk`);
    },
    told: async (parent, payload, send) => {
      const record = checker.find(parent);
      const before = record?.life;
      await send();
      const isVoid = record === undefined || record.life !== before || record.isGone;
      const isThere = checker.payloads.has(JSON.stringify(payload));
      checker.expect(isThere || isVoid, () => `the event ${payload} was acknowledged by binding and is not on the disk`);
    },
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
