/** Why requests of user code fail: in the error, in what a step records, and once in the log. Then workerd's own wording, line by line. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encode } from "../../../model/values/value.ts";
import type { Executor, Host } from "../../../ports/executor.ts";
import type { ScriptLine } from "../../../ports/script-log.ts";
import { contractVersion } from "../../../../test/contracts/executor/script.ts";
import { workerdExecutor } from "../executor.ts";
import { Reasons } from "./reasons.ts";

const CODE = `
const reach = async (url) => (await fetch(url)).status;
export default {
  async fetch(request) {
    const { urls } = await request.json();
    const said = [];
    for (const url of urls)
      await reach(url).then(
        (x) => said.push(x),
        (error) => said.push([error.message, /at async reach/.test(error.stack), ...(error.cause ? [error.cause.message] : [])]),
      );
    return Response.json(said);
  },
};
`;

const lines: ScriptLine[] = [];
const servers: Server[] = [];
let executor: Executor;
let host: Host;

beforeAll(async () => {
  executor = workerdExecutor({
    hasSpare: false,
    processes: 1,
    onLog: (line) => lines.push(line),
    network: ["public", "127.0.0.1/32"],
  });
  host = await executor.open(contractVersion(CODE), () => Promise.resolve(encode(null)));
});
afterAll(async () => {
  await executor.close();
  for (const server of servers) server.close();
});

async function reach(...urls: readonly string[]): Promise<unknown> {
  const request = new Request("http://contract.test/", { method: "POST", body: JSON.stringify({ urls }) });
  return (await host.fetch(request)).json();
}

/** Listens, and does that with each connection; answers where. */
async function listening(does: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    does(socket);
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const matching = (text: RegExp): unknown => [expect.stringMatching(text) as unknown, true];

const LOST = "Network connection lost.";

test("an unknown name, a forbidden address and a failed handshake have different messages", async () => {
  const plain = await listening((socket) => socket.end("no TLS"));
  expect(await reach("http://no-such-host.invalid/a?b", "http://10.1.2.3:81/", `https://${plain}/`)).toEqual([
    matching(/^The host name no-such-host\.invalid could not be resolved: .+ \(internal error; reference = \w+\)$/),
    matching(
      /^Connecting to 10\.1\.2\.3:81 is not allowed: the server's --allow-network says what Workers may reach \(internal error; reference = \w+\)$/,
    ),
    matching(/^TLS handshake failed: .+ \(internal error; reference = \w+\)$/),
  ]);
});

test("a refused connection and a lost one have the same message, as on Cloudflare, and different causes", async () => {
  const free = await listening(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const lossy = await Promise.all([
    listening((socket) => socket.once("data", () => socket.resetAndDestroy())),
    listening((socket) => socket.once("data", () => socket.end())),
  ]);
  expect(await reach(`http://${free}/`, `https://${free}/`, ...lossy.map((at) => `http://${at}/`))).toEqual([
    [LOST, true, `The connection was refused: ${free} does not accept any`],
    [LOST, true, `The connection was refused: ${free} does not accept any`],
    ...lossy.map((at) => [LOST, true, `The connection was lost: ${at} ended it before there was an answer`]),
  ]);
});

test("many refusals are one line of the log", async () => {
  lines.length = 0;
  await reach(...Array.from({ length: 50 }, () => "http://10.9.9.9/"));
  await vi.waitUntil(() => lines.length > 0);
  expect(lines.map(({ text, level }) => [level, text])).toEqual([
    ["warn", "A request of a Worker failed: connecting to 10.9.9.9:80 is not allowed"],
  ]);
});

const refused = (n: number): string[] => [
  `workerd/jsg/util.c++:320: error: e = rust/worker/ffi.rs:104: failed: connecting to 10.0.0.${n}:80 is not allowed`,
  `stack: a@1 b@2; sentryErrorContext = jsgInternalError; wdErrId = ref${n}`,
];

test("what is counted is summed up after a minute, and then it begins anew", () => {
  vi.useFakeTimers();
  try {
    const said: string[] = [];
    const read = new Reasons(({ text }) => said.push(text)).reader();
    const flood = (): boolean[] => Array.from({ length: 100 }, (_, n) => refused(n % 50).map(read)).flat();
    expect(flood().every(Boolean)).toBe(true);
    expect(said).toHaveLength(10);
    vi.advanceTimersByTime(60_000);
    expect(said.slice(10)).toEqual(["90 more requests of Workers failed like that within a minute"]);
    flood();
    expect(said).toHaveLength(21);
  } finally {
    vi.useRealTimers();
  }
});

test("a reason is known by its reference, also when it comes later, and others are undefined", async () => {
  const reasons = new Reasons(() => {});
  const read = reasons.reader();
  const early = reasons.of("ref1");
  refused(1).forEach(read);
  const incident = { kind: "forbidden", detail: "connecting to 10.0.0.1:80 is not allowed" };
  expect([await early, await reasons.of("ref1"), await reasons.of("ref2")]).toEqual([incident, incident, undefined]);
});

test.each([
  [
    "a failure of another kind",
    ["workerd/jsg/util.c++:320: error: e = a.rs:1: failed: TLS broke", "stack: a@1; x; wdErrId = r"],
    [false, false],
  ],
  ["a stack of nothing that is known", ["stack: a@1; wdErrId = r"], [false]],
  [
    "a socket, which has no reference",
    [
      "workerd/api/sockets.c++:1422: error: Socket proxy disconnected abruptly; e = a.rs:1: failed: connecting to 10.0.0.1:80 is not allowed",
      "stack: a@1",
    ],
    [true, true],
  ],
  ["a line between the two", [refused(1)[0] ?? "", "another line", refused(1)[1] ?? ""], [true, false, false]],
])("%s", (_, written, taken) => {
  expect(written.map(new Reasons(() => {}).reader())).toEqual(taken);
});
