/** The Workers of a site: one that requests may change as they like, and one that shows that the server lives. */

export interface Worker {
  readonly code: string;
  /** Classes by the names of their workflows. */
  readonly workflows: Readonly<Record<string, string>>;
}

const QUICK = `
  export class Quick extends WorkflowEntrypoint {
    async run(event, step) {
      return step.do("echo", async () => event.payload ?? null);
    }
  }`;

export const LIVES: Worker = {
  code: `import { WorkflowEntrypoint } from "cloudflare:workers";${QUICK}`,
  workflows: { lives: "Quick" },
};

export const APP: Worker = {
  code: `import { WorkflowEntrypoint } from "cloudflare:workers";${QUICK}
  export class Sleeper extends WorkflowEntrypoint {
    async run(event, step) {
      await step.sleep("nap", "1 hour");
    }
  }
  export class Waiter extends WorkflowEntrypoint {
    async run(event, step) {
      const { payload } = await step.waitForEvent("approval", { type: "go", timeout: "1 hour" });
      return payload;
    }
  }
  export class Talker extends WorkflowEntrypoint {
    async run(event, step) {
      for (let i = 0; i < event.payload.steps; i += 1) await step.do("say", async () => "text \\n\\ndata: x " + i);
    }
  }
  export class Failing extends WorkflowEntrypoint {
    async run(event, step) {
      await step.do("break", { retries: { limit: 0, delay: 1 } }, async () => {
        throw new TypeError("card refused");
      });
    }
  }
  export default {
    async fetch(request) {
      return Response.json({ method: request.method, body: await request.text() });
    },
    async queue(batch) {
      batch.ackAll();
    },
  };`,
  workflows: { Quick: "Quick", Sleeper: "Sleeper", Waiter: "Waiter", Talker: "Talker", Failing: "Failing" },
};

const BOUNDARY = "----stepwell-fuzz";

/** An upload as wrangler sends it. */
export function formOf({ code }: Pick<Worker, "code">, metadata: object = {}): { readonly type: string; readonly body: Buffer } {
  const part = (name: string, more: string, content: string): string =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`;
  const body = [
    part("metadata", "", JSON.stringify({ main_module: "index.js", compatibility_date: "2026-01-01", ...metadata })),
    part("index.js", '; filename="index.js"\r\ncontent-type: application/javascript+module', code),
    `--${BOUNDARY}--\r\n`,
  ].join("");
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, body: Buffer.from(body) };
}
