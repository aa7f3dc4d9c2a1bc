/** The Worker whose instances are recorded: one workflow, whose params say which story an instance tells. */
import { WorkflowEntrypoint } from "cloudflare:workers";

/** Not written in one piece, because the code is in the database too. */
const hidden = () => ["never", "shown"].join("-");
/** Changed when this is deployed for the second time. */
const EDITION = "first edition";
const once = { retries: { limit: 0, delay: 0 } };

/** By name; each gets the event, the step and the Worker's `env`. */
const STORIES = {
  completed: async ({ payload }, step) => {
    const first = await step.do("first", () => ({ list: [1, 2, 3], when: new Date(0), text: "ünï" }));
    const second = await step.do("second", () => first.list.length);
    await step.sleep("a moment", 1);
    return { second, when: first.when.toISOString(), note: payload.note };
  },
  errored: async (_, step) => {
    await step.do("kept", () => "before");
    await step.do("fails", once, () => {
      throw new TypeError("the ledger is closed");
    });
  },
  waiting: async (_, step, env) => {
    await step.do("early", () => "done before the upgrade");
    const kept = await step.waitForEvent("kept event", { type: "kept", timeout: "300 days" });
    const approval = await step.waitForEvent("approval", { type: "approval", timeout: "300 days" });
    const later = await step.waitForEvent("later", { type: "later", timeout: "300 days" });
    const late = await step.do("late", () => env.SECRET.length);
    return { kept: kept.payload, approval: approval.payload, later: later.payload, late };
  },
  sleeping: async (_, step) => {
    await step.sleep("months", "200 days");
    return step.do("after", () => "awake");
  },
  interrupted: async ({ payload }, step) => {
    const before = await step.do("before", () => "kept");
    // Held until the server has been killed; a later attempt goes on.
    const after = await step.do("held", once, async () => {
      while (Date.now() < payload.heldUntil) await new Promise((resolve) => setTimeout(resolve, 1000));
      return "went on";
    });
    return { before, after };
  },
  paused: async (_, step) => {
    await step.do("first", () => 1);
    await step.waitForEvent("never", { type: "never", timeout: "300 days" });
    return "resumed";
  },
  rolledBack: async (_, step) => {
    await step.do("reserve", () => "seat 7", { rollback: async () => {} });
    await step.do("charge", once, () => {
      throw new Error("declined");
    });
  },
  undoing: async ({ payload }, step) => {
    const rollback = async () => {
      while (Date.now() < payload.heldUntil) await new Promise((resolve) => setTimeout(resolve, 1000));
    };
    await step.do("reserve", () => "seat 8", { rollback });
    await step.do("charge", once, () => {
      throw new Error("declined");
    });
  },
  retrying: (_, step) =>
    step.do("flaky", { retries: { limit: 3, delay: "150 days", backoff: "constant" } }, ({ attempt }) => {
      if (attempt === 1) throw new Error("not yet");
      return `attempt ${attempt}`;
    }),
  pinned: async (_, step) => {
    await step.waitForEvent("go", { type: "go", timeout: "300 days" });
    return EDITION;
  },
  restarted: async (_, step) => {
    const kept = await step.do("kept", () => "first life");
    return { kept, again: await step.do("again", () => "ran") };
  },
  large: (_, step) => step.do("large", () => "0123456789abcdef".repeat(40_000)),
  streamed: async (_, step) => {
    const stream = await step.do("stream", async () => new Blob(["chunk ".repeat(60_000)]).stream());
    return (await new Response(stream).text()).length;
  },
  sensitive: async (_, step) => {
    const secret = await step.do("secret", { sensitive: "output" }, hidden);
    await step.waitForEvent("open", { type: "open", timeout: "300 days" });
    return secret === hidden();
  },
  terminated: (_, step) => step.sleep("long", "200 days"),
};

export class Story extends WorkflowEntrypoint {
  run(event, step) {
    // A schedule has no params.
    const { story = "completed" } = event.payload ?? {};
    return STORIES[story](event, step, this.env);
  }
}

export default {
  fetch: () => new Response("told"),
  scheduled() {},
};
