/** Debugging with `stepwell dev`, as Chrome and VS Code do it: over the DevTools protocol. */
import { once } from "node:events";
import { SourceMap, type SourceMapPayload } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { makeProject, runCommand, startServer, type Project, type Server } from "../support/server.ts";

/** The line that a breakpoint is set on has a comment. */
const source = (greeting: string): string => `import { WorkflowEntrypoint } from "cloudflare:workers";
interface Payload { readonly name: string }
export class Flow extends WorkflowEntrypoint<unknown, Payload> {
  async run(event: { payload: Payload }, step: { do<T>(name: string, callback: () => Promise<T>): Promise<T> }) {
    return step.do("greet", async () => {
      const greeting: string = "${greeting} " + event.payload.name;
      return greeting; // in a step
    });
  }
}
export default {
  async fetch(request: Request, env: { FLOW: { create(options: object): Promise<{ id: string }> } }): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/create") return new Response((await env.FLOW.create({ params: { name: "Ada" } })).id);
    console.log("asked for", pathname);
    const answer = "${greeting} " + pathname;
    return new Response(answer); // in a request
  },
};
`;

const HANG_MS = 1_000;

let project: Project;
let server: Server;
let inspector: string;

beforeAll(async () => {
  project = await makeProject({
    "wrangler.json": JSON.stringify({
      name: "debugged",
      main: "src/index.ts",
      compatibility_date: "2026-11-01",
      workflows: [{ name: "flow", binding: "FLOW", class_name: "Flow" }],
    }),
    "src/index.ts": source("hello"),
  });
  const options = ["--port", "0", "--inspector-port", "0", "--hang-after", String(HANG_MS)];
  server = await startServer(["dev", project.folder, ...options]);
  inspector = await vi.waitUntil(() => /Debugger +(127\.0\.0\.1:\d+)/.exec(server.output())?.[1], { timeout: 20_000 });
});
afterAll(async () => {
  await server.kill();
  await project.remove();
});

interface Paused {
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly location: { readonly lineNumber: number; readonly columnNumber: number };
  }[];
}

/** A debugger that has connected to the Worker. */
async function debug(): Promise<Debugger> {
  const [target] = (await (await fetch(`http://${inspector}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
  const client = new Debugger(socket);
  onTestFinished(() => client.close());
  await once(socket, "open");
  await client.ask("Runtime.enable");
  await client.ask("Debugger.enable");
  return client;
}

class Debugger {
  readonly heard: { method: string; params: Record<string, unknown> }[] = [];
  readonly #socket: WebSocket;
  readonly #answers: Map<number, (answer: Record<string, unknown>) => void> = new Map();
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { id?: number; result?: Record<string, unknown>; method: string };
      if (message.id === undefined) this.heard.push(message as never);
      else this.#answers.get(message.id)?.(message.result ?? message);
    });
  }

  ask(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    const id = (this.#last += 1);
    this.#answers.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return promise;
  }

  /** What comes of this kind, from now on or since the debugger has connected. */
  async hears(method: string, fits: (params: never) => boolean = () => true): Promise<never> {
    const found = (): unknown => {
      const index = this.heard.findIndex((each) => each.method === method && fits(each.params as never));
      return index < 0 ? undefined : this.heard.splice(index, 1)[0]?.params;
    };
    return (await vi.waitUntil(found, { timeout: 20_000 })) as never;
  }

  /** Sets a breakpoint on the line of the source that has this comment, through the source map, as debuggers do. */
  async breakAt(comment: string): Promise<{ url: string; map: SourceMapPayload; line: number }> {
    const isMain = ({ url, sourceMapURL }: { url: string; sourceMapURL: string }): boolean =>
      url.endsWith("index.js") && sourceMapURL !== "";
    const { url, sourceMapURL }: { url: string; sourceMapURL: string } = await this.hears("Debugger.scriptParsed", isMain);
    const map = JSON.parse(Buffer.from(sourceMapURL.split(",")[1] ?? "", "base64").toString()) as SourceMapPayload;
    const lines = map.sourcesContent[0]?.split("\n") ?? [];
    const line = lines.findIndex((text) => text.includes(comment));
    const payload = new SourceMap(map);
    const generated = placesOf(payload, line);
    expect(generated).toBeGreaterThan(0);
    const { breakpointId } = await this.ask("Debugger.setBreakpointByUrl", { url, lineNumber: generated });
    expect(breakpointId).toBeTypeOf("string");
    return { url, map, line };
  }

  close(): void {
    this.#socket.close();
  }
}

/** The generated line of a line of the only source. */
function placesOf(map: SourceMap, line: number): number {
  for (let generated = 0; generated < 500; generated += 1)
    for (let column = 0; column < 20; column += 1) {
      const entry = map.findEntry(generated, column) as Partial<{ originalLine: number; generatedLine: number }>;
      if (entry.originalLine === line && entry.generatedLine === generated) return generated;
    }
  return -1;
}

const worker = (path: string): Promise<string> =>
  fetch(`${server.url}/workers/debugged${path}`).then((response) => response.text());

test("a request stops at a breakpoint in the source, for longer than a Worker may hang, and goes on", async () => {
  await worker("/");
  const client = await debug();
  const { map, line } = await client.breakAt("// in a request");
  expect(map.sources).toContain(pathToFileURL(join(project.folder, "src/index.ts")).href);
  const asked = worker("/stopped");
  const {
    callFrames: [top],
  }: Paused = await client.hears("Debugger.paused");
  const place = new SourceMap(map).findEntry(top?.location.lineNumber ?? 0, top?.location.columnNumber ?? 0);
  expect(place).toMatchObject({ originalLine: line });
  const { result } = await client.ask("Debugger.evaluateOnCallFrame", { callFrameId: top?.callFrameId, expression: "answer" });
  expect(result).toMatchObject({ value: "hello /stopped" });
  // A Worker that hangs so long is killed.
  await new Promise((resolve) => setTimeout(resolve, 4 * HANG_MS));
  await client.ask("Debugger.resume");
  expect(await asked).toBe("hello /stopped");
  expect(server.output()).not.toMatch(/was killed|not turned|has ended/);
  const { args, type }: { args: object[]; type: string } = await client.hears(
    "Runtime.consoleAPICalled",
    (params: { args: { value: string }[] }) => params.args.at(-1)?.value === "/stopped",
  );
  expect([type, args]).toMatchObject(["log", [{ value: "asked for" }, { value: "/stopped" }]]);
});

test("a step stops, too; a debugger that hangs up leaves nothing stopped", async () => {
  await worker("/");
  const client = await debug();
  await client.breakAt("// in a step");
  // The step may stop before the answer has left: they share a process.
  const created = worker("/create");
  await client.hears("Debugger.paused");
  client.close();
  const id = await created;
  const status = async (): Promise<unknown> =>
    ((await server.call("GET", `/workflows/flow/instances/${id}`)).result as { status: string }).status;
  await vi.waitFor(async () => expect(await status()).toBe("complete"), { timeout: 20_000 });
});

test("a breakpoint holds in the code that is deployed next", async () => {
  await worker("/");
  const client = await debug();
  await client.breakAt("// in a request");
  await project.write("src/index.ts", source("good evening"));
  await vi.waitFor(() => expect(server.output()).toContain("Deployed debugged again"), { timeout: 20_000 });
  const asked = worker("/next");
  await client.hears("Debugger.paused");
  await client.ask("Debugger.resume");
  expect(await asked).toBe("good evening /next");
});

test.each([
  ["a page", { origin: "https://evil.example" }, 403],
  ["a page of a Worker", { origin: "http://localhost:8787" }, 403],
  ["a name that leads here by deceit", { headers: { host: "evil.example" } }, 403],
  ["a sandboxed page", { origin: "null" }, 403],
])("%s cannot connect", async (_, options, status) => {
  const socket = new WebSocket(`ws://${inspector}/debugged`, options);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number; destroy(): void }];
  expect(response.statusCode).toBe(status);
  response.destroy();
});

test("Cloudflare's DevTools may connect, at the address that wrangler has, too", async () => {
  const socket = new WebSocket(`ws://${inspector}/ws`, { origin: "https://devtools.devprod.cloudflare.dev" });
  await once(socket, "open");
  socket.close();
});

test("the usual port is given up when it is taken, one that was asked for is not", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { stderr } = await runCommand([
    "dev",
    project.folder,
    "--port",
    "0",
    "--inspector-port",
    String(port),
    "--data",
    join(project.folder, "other"),
  ]);
  expect(stderr).toContain(
    `Port ${port} of 127.0.0.1 is in use: stop the process that uses it, or choose another port with --inspector-port`,
  );
});
