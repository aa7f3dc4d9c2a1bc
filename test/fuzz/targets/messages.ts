/** What isolates and threads send besides frames: messages, marks in their output, the ends of handlers, calls of bindings. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import { answerCall } from "../../../src/bindings/answer.ts";
import { received as fromThread } from "../../../src/executors/node/received.ts";
import { received as fromIsolate } from "../../../src/executors/workerd/host/received.ts";
import { unmarked } from "../../../src/executors/workerd/inspector/messages.ts";
import { endOf, markOf } from "../../../src/executors/workerd/output/marks.ts";
import { Output } from "../../../src/executors/workerd/process/output.ts";
import { settle } from "../../../src/model/platform/queue.ts";
import type { Binding } from "../../../src/ports/catalog/bindings.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { ScriptInvocation, ScriptLine } from "../../../src/ports/script-log.ts";
import type { BindingCall } from "../../../src/protocol/calls.ts";
import { MalformedFrames } from "../../../src/protocol/codec.ts";
import { eventAnswerOf } from "../../../src/protocol/handlers.ts";
import { isShown, tailEvent } from "../../../src/workers/logs/tail-event.ts";
import { fuzzed, type Target } from "../target.ts";
import { mutated, splinters } from "./mutations.ts";

const TYPES = [
  "call",
  "why",
  "beat",
  "lost",
  "said",
  "invocation",
  "fetched",
  "dispatched",
  "pong",
  "loaded",
  "unloadable",
  "chunk",
];

const KEYS = `
  type id call to name method args reference contexts open begun kind level text origin values invocation event
  request url headers outcome startedAt response status body end answer thrown verdict all acks retries
  delaySeconds message detail workflow instance step count attempt isApart toString constructor index bytes run
  statusText entrypoint
`
  .trim()
  .split(/\s+/);

/** Objects of the words that messages have, in most of the places where they have them. */
const objects: fc.Arbitrary<unknown> = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      1,
      -1,
      1.5,
      1e300,
      "",
      "ok",
      "ack",
      "a",
      "workflow",
      "queue",
      "orders",
      "no_handler",
      "log",
    ),
    fc.constantFrom<unknown>([], {}, ["a", "b"], [["a", "b"]], "2026", "https://a.b/c"),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("any"), { maxKeys: 6 }),
  ),
})).any;

const sent = fc.oneof(
  objects,
  fc
    .tuple(fc.constantFrom(...TYPES), fc.dictionary(fc.constantFrom(...KEYS), objects, { maxKeys: 5 }))
    .map(([type, fields]) => ({ id: 1, ...fields, type })),
  fc.constantFrom<unknown>(
    { type: "call", id: 1, call: { to: "workflow", name: "orders", method: "create", args: "[]" } },
    {
      type: "fetched",
      id: 1,
      end: { kind: "answered", response: { status: 200, statusText: "", headers: [["a", "b"]], body: null } },
    },
    {
      type: "dispatched",
      id: 1,
      answer: { thrown: null, verdict: { all: "ack", acks: [], retries: [{ id: "m", delaySeconds: 1e300 }] } },
    },
    { type: "beat", contexts: { open: 1, begun: 2 } },
  ),
);

const bytes = fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each));

/** A script that is bound to one workflow and one queue. */
const VERSION: ScriptVersion = {
  id: "v1",
  script: "shop",
  hash: "",
  code: "",
  bindings: [
    { type: "workflow", name: "WF", workflow: "orders", className: "Orders" },
    { type: "queue", name: "Q", queue: "mails" },
  ] as Binding[],
  compatibilityFlags: [],
  createdAt: 0,
};

const BOUND: ReadonlySet<string> = new Set(["workflow orders", "queue mails"]);

const calls: fc.Arbitrary<BindingCall> = fc.record({
  to: fc.constantFrom("workflow", "queue", "kv", "d1", "constructor", ""),
  name: fc.constantFrom("orders", "mails", "others", "shop/WF", "", "__proto__"),
  method: fc.constantFrom("create", "send", "toString", "__proto__"),
  args: mutated(fc.constantFrom("[]", '[{"id":"a"}]', "=[[1],{}]")),
});

type Input =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "bytes"; readonly bytes: Buffer }
  | { readonly is: "posted"; readonly posted: unknown }
  | { readonly is: "call"; readonly call: BindingCall }
  | { readonly is: "mark"; readonly says: string; readonly text: string }
  | { readonly is: "end"; readonly value: unknown };

/** What it throws has to say that something is malformed. */
function isKnown(read: () => unknown): void {
  try {
    read();
  } catch (cause) {
    assert.ok(cause instanceof MalformedFrames, `it threw ${cause instanceof Error ? (cause.stack ?? "") : String(cause)}`);
  }
}

async function isOwn(call: BindingCall): Promise<void> {
  const reached: string[] = [];
  const handler = async (asked: BindingCall, binding?: Binding): Promise<string> => {
    reached.push(`${asked.to} ${asked.name}`);
    assert.ok(binding !== undefined && VERSION.bindings.includes(binding), "it is answered for no binding of the script");
    return "null";
  };
  const faults: unknown[] = [];
  const end = await answerCall(VERSION, handler, call, (cause) => faults.push(cause));
  assert.deepEqual(faults, [], "a call that is refused is no fault of the server");
  assert.equal(
    end.kind,
    BOUND.has(`${call.to} ${call.name}`) ? "answered" : "refused",
    "it reached what the script is not bound to",
  );
  assert.ok(reached.every((each) => BOUND.has(each)));
}

/** A line that a script writes with its own key, as the process passes it on. */
async function isWritten(says: string, text: string): Promise<void> {
  const lines: ScriptLine[] = [];
  const invocations: ScriptInvocation[] = [];
  const output = new Output(
    (line) => lines.push(line),
    (invocation) => invocations.push(invocation),
  );
  const key = output.key(VERSION);
  const edge = endOf(key).slice(0, 1);
  const stream = Readable.from([`${edge}${key}${edge}${says}${edge}${text} ${endOf(key)}\n`, "after\n"]);
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("close", resolve);
  output.follow(stream, "log");
  await promise;
  await new Promise((done) => setImmediate(done));
  assert.ok(
    lines.some((line) => line.text === "after"),
    "what follows is not read",
  );
  for (const { text: said, level } of lines) assert.ok(typeof said === "string" && typeof level === "string");
  for (const invocation of invocations) {
    const report = { invocation, lines };
    const event = tailEvent(report);
    JSON.stringify(event);
    for (const name of ["a", "constructor"])
      isShown(report, event, [{ header: { key: name, query: "a" } }, { method: ["GET"] }], () => 0);
  }
  unmarked({ type: "log", args: [{ type: "string", value: `${edge}${key}${edge}${says}${edge}${text}` }] });
}

function isVerdict(value: unknown): void {
  const answer = eventAnswerOf(value);
  if (answer === undefined || answer === "no_handler") return;
  const delivered = ["a", "b", "m"].map((id, pk) => ({ pk, id, attempts: 1 }));
  const { again, done, dead } = settle(
    delivered,
    answer.verdict,
    answer.thrown !== null,
    { maxRetries: 3, retryDelaySeconds: 0 },
    0,
  );
  assert.equal(again.length + done.length + dead.length, delivered.length);
  assert.ok(
    again.every(({ visibleAt }) => visibleAt >= 0 && visibleAt <= 86_400_000),
    "a message that never comes again",
  );
}

/** What takes in what an isolate sends. */
type Receive = (data: Buffer, isBinary: boolean) => unknown;

async function put(receive: Receive, input: Input): Promise<void> {
  switch (input.is) {
    case "text":
      isKnown(() => receive(Buffer.from(input.text), false));
      return isKnown(() => fromThread(input.text));
    case "bytes":
      return isKnown(() => receive(input.bytes, true));
    case "posted":
      return isKnown(() => fromThread(input.posted));
    case "call":
      return isOwn(input.call);
    case "mark":
      return isWritten(input.says, input.text);
    case "end":
      return isVerdict(input.value);
  }
}

const json = sent.map((each) => JSON.stringify(each) ?? "");
const marks = fc
  .tuple(objects, objects, fc.constantFrom("log", "error", "none", "exception", "x"))
  .map(([origin, invocation, kind]) => {
    const marked = { level: "log", kind, origin, invocation, values: "[1]", isApart: true };
    return markOf("", marked as never).slice(2, -1);
  });

/** Without what ends a line, or a part of one. */
function inLine(text: string): string {
  return text
    .split(/[\r\n]/)
    .join("")
    .split("\u0001")
    .join("");
}

const inputs: fc.Arbitrary<Input> = fc.oneof(
  fc
    .oneof(
      mutated(json, 2),
      mutated(
        json.map((each) => `[${each}]`),
        2,
      ),
      splinters,
    )
    .map((text): Input => ({ is: "text", text })),
  bytes.map((each): Input => ({ is: "bytes", bytes: each })),
  sent.map((posted): Input => ({ is: "posted", posted })),
  calls.map((call): Input => ({ is: "call", call })),
  fc.tuple(mutated(fc.oneof(json, marks), 2), splinters).map(([says, text]): Input => ({
    is: "mark",
    says: inLine(says),
    text: inLine(text),
  })),
  objects.map((value): Input => ({ is: "end", value })),
);

/** The target for what takes in what isolates send. */
export function messagesTarget(receive: Receive): Target {
  const open: Target["open"] = (figures) =>
    fuzzed(
      inputs,
      async (input) => {
        figures(input.is);
        await put(receive, input);
      },
      { found: FOUND },
    );
  return { name: "messages", weight: 0.5, ciRuns: 2_000, open };
}

/** Inputs that broke a promise once: each of them ended the server. */
const FOUND: readonly Input[] = [
  { is: "text", text: "null" },
  { is: "posted", posted: null },
  { is: "posted", posted: undefined },
  { is: "posted", posted: { type: "unloadable", detail: { toString: 1, valueOf: 1 } } },
  { is: "posted", posted: { type: "fetched", id: 9 } },
  { is: "mark", says: "{", text: "a" },
  { is: "mark", says: "null", text: "a" },
  { is: "end", value: { thrown: null, verdict: { acks: [], retries: [{ id: "a", delaySeconds: 1e300 }] } } },
];

export const messages: Target = messagesTarget(fromIsolate);
