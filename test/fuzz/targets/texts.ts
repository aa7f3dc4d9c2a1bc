/** The small parsers of texts from outside: each is total, keeps what it promises, and takes time as its text is long. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkParam } from "../../../src/api/endpoint/params.ts";
import { normalPath } from "../../../src/api/endpoint/path.ts";
import { readCursor, writeCursor } from "../../../src/api/cloudflare/workflows/cursor.ts";
import { explain, UsageError } from "../../../src/assembly/explain.ts";
import { readConnectionString } from "../../../src/bindings/hyperdrive/connection-string.ts";
import { toConditional, toHttpFields, toRange } from "../../../src/bindings/r2/options.ts";
import { incidentIn, referenceIn, stackIn } from "../../../src/executors/workerd/output/incidents.ts";
import { describeLoadError } from "../../../src/executors/workerd/output/load-error.ts";
import { markedIn, readMark } from "../../../src/executors/workerd/output/marks.ts";
import { scopeName } from "../../../src/executors/workerd/storage/scope.ts";
import { Failure } from "../../../src/model/failures/failure.ts";
import { ignoredBy } from "../../../src/model/platform/assets/ignore-rules.ts";
import { readHeaderRules, readRedirects } from "../../../src/model/platform/assets/rules.ts";
import { headerRefusal, mailboxIn, rawParts, rawRefusal, withMessageId } from "../../../src/model/platform/email.ts";
import { isHostName } from "../../../src/model/platform/host-name.ts";
import { isEventType, isInstanceAddress, isInstanceId, isStepName, isWorkflowName } from "../../../src/model/platform/names.ts";
import { isQueueName } from "../../../src/model/platform/queue.ts";
import { matchesHost, matchesRoute, routePattern } from "../../../src/model/platform/route-pattern.ts";
import { parseJson } from "../../../src/model/values/json-array.ts";
import { frameOf, stackOf } from "../../../src/model/values/thrown.ts";
import { fingerprint, shapeOf } from "../../../src/model/views/fingerprint.ts";
import { redactedHeaders, redactedUrl } from "../../../src/model/views/redact.ts";
import { valuesOf } from "../../../src/protocol/logged.ts";
import { clientsBehind, isAddressRange } from "../../../src/server/address.ts";
import { sessionsIn, setsSession, withoutSession } from "../../../src/server/sessions/cookies.ts";
import { movedHeaders } from "../../../src/server/sessions/origin.ts";
import { tailEvent } from "../../../src/workers/logs/tail-event.ts";
import { fuzzed, type Target } from "../target.ts";
import { mutated, pumped, splinters } from "./mutations.ts";

export interface Parser {
  /** Texts that it takes. */
  readonly good: readonly string[];
  /** Parts that long texts are made of. */
  readonly parts: readonly string[];
  /** Throws when a promise is broken. */
  readonly put: (text: string) => void | Promise<void>;
}

const SESSION = `stepwell_session=${"a".repeat(43)}`;

/** A text as a header; undefined for what none can be. */
function headers(name: string, value: string): Headers | undefined {
  try {
    return new Headers({ [name]: value });
  } catch {
    return undefined;
  }
}

/** What it throws has to be of the catalogue. */
function refused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    assert.ok(cause instanceof Failure, `it threw ${String(cause)}`);
    return undefined;
  }
}

const FROM = new URL("http://localhost:8787");
const TO = new URL("https://shop.example");
const behind = clientsBehind(["10.0.0.0/8", "::1"], () => {});

const PARSERS: Readonly<Record<string, Parser>> = {
  names: {
    good: ["shop", "a_b-c", "batch", `cf_${"0".repeat(64)}`, "a b*/,#"],
    parts: ["a", "-", "_", "cf_", "0", " ", "*"],
    put: (text) => {
      for (const name of ["workflow_name", "instance_id", "event_type", "account_id"])
        refused(() => checkParam(name, text, "local"));
      for (const isName of [isWorkflowName, isInstanceId, isInstanceAddress, isEventType, isStepName, isQueueName])
        assert.ok(!isName(text) || text.length <= 271, "a name as long as that");
      if (isInstanceId(text)) assert.ok(isInstanceAddress(text), "an id that cannot be addressed");
    },
  },
  hosts: {
    good: ["shop.example.com", "a.b", "xn--a.co", "1.2.3.4", "shop.localhost"],
    parts: ["a", ".", "-", "1", "a.", "xn--"],
    put: (text) => {
      if (!isHostName(text)) return;
      assert.equal(new URL(`http://${text}/`).hostname, text, "a URL has another name for it");
    },
  },
  routes: {
    good: ["example.com/api/*", "*.example.com/*", "https://example.com/", "*example.com/a*", "example.com"],
    parts: ["*", "/", ".", "a", "://", "http", "?"],
    put: (text) => {
      const pattern = routePattern(text);
      if (pattern === undefined) return;
      const url = URL.parse(`${pattern.scheme ?? "https"}://${pattern.host.replace(/^\./, "x.")}${pattern.path}`);
      if (url === null || matchesHost(pattern, url.hostname)) {
        if (url !== null && `${url.pathname}${url.search}` === pattern.path)
          assert.ok(matchesRoute(pattern, url), "its own URL is elsewhere");
      }
    },
  },
  cookies: {
    good: [SESSION, `a=b; __Host-${SESSION}; c=d`, `a=1, ${SESSION}`, `;${SESSION};`],
    parts: [";", " ", "=", ",", "stepwell_session", "__Host-", "a", SESSION],
    put: (text) => {
      const sent = headers("cookie", text);
      if (sent === undefined) return;
      sessionsIn(sent);
      setsSession(text);
      const rest = withoutSession(sent.get("cookie") ?? "");
      const left = headers("cookie", rest);
      assert.deepEqual(left && sessionsIn(left), [], `a session is left: ${rest}`);
      assert.equal(withoutSession(rest), rest, "there was something left to take out");
    },
  },
  clients: {
    good: ["10.1.2.3, 192.0.2.1", "[::1]:80, ::ffff:10.0.0.1", "1.2.3.4:5"],
    parts: [",", " ", "1", ".", ":", "[", "]", "::ffff:", "10.0.0.1"],
    put: (text) => {
      isAddressRange(text);
      const sent = headers("x-forwarded-for", text);
      if (sent === undefined) return;
      assert.equal(behind("192.0.2.9", sent).address, "192.0.2.9", "a stranger is believed");
      assert.equal(typeof behind("10.0.0.1", sent).address, "string");
    },
  },
  origins: {
    good: ["http://localhost:8787/a", "a=b; Domain=localhost; Path=/", "https://localhost:8787"],
    parts: ["http://", "localhost:8787", "/", ";", " ", "domain=", "a"],
    put: (text) => {
      for (const name of ["location", "set-cookie"]) {
        const given = headers(name, text);
        if (given !== undefined) movedHeaders(given, FROM, TO);
      }
    },
  },
  cursors: {
    good: [writeCursor({ createdAt: 5, pk: 6 }), Buffer.from("[1e400,2]").toString("base64url"), "W10"],
    parts: ["W", "1", "A", "=", "-", "_"],
    put: (text) => {
      const found = refused(() => readCursor(text));
      if (found !== undefined) assert.deepEqual(readCursor(writeCursor(found)), found);
    },
  },
  emails: {
    good: [
      "Ada <ada@example.com>",
      '"Ada, B." <a@b>',
      "a@b",
      "From: a@b\r\nMessage-ID: <1>\r\n\r\nHello\r\n",
      "A: b\r\n c\r\n\r\n",
    ],
    parts: ["<", ">", "@", '"', " ", "\r\n", "\n", "\r", "\t", ":", "a", ",", "Message-ID: x\r\n", "From: a@b\r\n"],
    put: (text) => {
      const mailbox = mailboxIn(text);
      assert.ok(mailbox === undefined || !/[\r\n<>]/.test(mailbox.address), "an address that goes on elsewhere");
      headerRefusal(text, text);
      const parts = rawParts(text);
      if (rawRefusal(parts, "a@b") !== undefined) return;
      const sent = withMessageId(parts, "<ours@here>");
      assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(sent), "a line that ends otherwise than lines of SMTP");
      assert.equal(rawParts(sent).headers.filter((each) => /^message-id[ \t]*:/i.test(each)).length, 1, "two ids");
    },
  },
  assetRules: {
    good: ["/a /b 301\n/c/* /d/:splat", "/x # y", "/a\n  X-A: b\n  ! X-C", "https://a.b/*\n a: b"],
    parts: ["/", " ", "\t", "#", "*", ":", "a", "\n", "301", "! ", "__proto__", "https://a"],
    put: (text) => {
      const lines = text.split("\n").length;
      for (const { passedOver } of [readRedirects(text), readHeaderRules(text)])
        assert.ok(
          passedOver.every(({ line }) => line >= 1 && line <= lines),
          "a line that is not there",
        );
    },
  },
  ignoreRules: {
    good: ["*.map\n!a.map", "a/**/b", "[a-z]?.js", "docs/**", "lib/"],
    parts: ["*", "**/", "/", "a", "?", "[a-z]", "[z-a]", "!", "\\", " ", "\n", "["],
    put: (text) => {
      // Rules are those of a project, and its paths are short.
      const isIgnored = ignoredBy(text.slice(0, 1_000));
      for (const path of ["a", `${"a".repeat(200)}b`, "a/".repeat(40), "", text.slice(0, 200)]) isIgnored(path);
    },
  },
  conditions: {
    good: ['"a", W/"b"', "*", "bytes=0-5", "Wed, 21 Oct 2026 07:28:00 GMT"],
    parts: ['"', "W/", ",", " ", "*", "bytes=", "-", "1", "a"],
    put: (text) => {
      for (const name of ["if-match", "if-none-match", "if-modified-since", "range", "expires", "content-type"]) {
        const given = headers(name, text);
        if (given === undefined) continue;
        for (const made of [toConditional(given), toRange(given), toHttpFields(given)]) JSON.stringify(made);
      }
    },
  },
  scopes: {
    good: ["abc", "../../etc", "a/b", "=2f=", "", "a\\b"],
    parts: [".", "/", "=", "a", "\\", "\0", "%2f"],
    put: (text) => {
      const name = scopeName("kv", text);
      assert.match(name, /^kv-[\w=-]*$/, "a name that is a path");
      const back = name
        .slice(3)
        .replaceAll(/=([0-9a-f]+)=/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
      assert.equal(back, text, "two ids may have one name");
    },
  },
  connections: {
    good: ["postgres://u:p@h:5/db?sslmode=require", "mysql://u:p@h/db", "constructor://u:p@h/db", "postgres://u:%@h/db"],
    parts: [":", "/", "@", "%", "postgres", "?", "&", "ssl=", "a"],
    put: (text) => {
      const found = readConnectionString(text);
      if ("problem" in found) assert.ok(found.problem.length < 200, "a problem that quotes the string");
      else assert.ok(Number.isInteger(found.port) && found.host !== "", `a port that is ${String(found.port)}`);
    },
  },
  output: {
    good: [
      '\u0001key\u0001{"level":"log","kind":"console"}\u0001text',
      "workerd/x.c++:1: error: e = kj/a.c++:1: failed: connecting to h is not allowed; dst = 1",
      "stack: a@b; wdErrId = abc",
      "internal error; reference = abc",
    ],
    parts: ["\u0001", "{", "}", '"', "; ", "e = ", ": failed: ", "wdErrId = ", "workerd/", ": error: ", "stack: ", "a", " "],
    put: (text) => {
      const mark = readMark(text);
      if (mark !== undefined) markedIn(mark.says);
      incidentIn(text);
      stackIn(text);
      referenceIn(text);
      valuesOf(text);
    },
  },
  stacks: {
    good: [
      "Error: a\n    at f (index.js:1:2)\n    at async g (index.js:3:4)",
      "Failed to start Worker: Uncaught SyntaxError: x\n  at a.js:1:2 in f",
    ],
    parts: ["\n", " ", "\t", "at ", "(", ")", ":", "1", "a", "Error: ", " in "],
    put: (text) => {
      describeLoadError(text);
      const error = Object.assign(new Error(text.slice(0, 50)), { stack: text });
      frameOf(error);
      stackOf(error);
      const line = { time: 0, kind: "exception" as const, level: "error" as const, text };
      tailEvent({ lines: [line] });
      assert.ok(!explain(new UsageError(text)).includes("\n"), "more than one line");
    },
  },
  shapes: {
    good: ["card 4242 refused by https://a.b/c at 2026-01-01T00:00:00Z", 'no "x" in /a/b.ts for a@b.cd', "0xdeadbeef"],
    parts: ["1", "a", ".", "-", "@", "/", "'", '"', "`", ":", " ", "0x", "http://"],
    put: (text) => {
      assert.ok(shapeOf(text).length <= 200);
      assert.match(fingerprint({ name: "Error", message: text }, text, text), /^[0-9a-f]{16}$/);
      redactedUrl(text);
      redactedHeaders([["a", text]]);
    },
  },
  paths: {
    good: ["http://h/a//b/?c#d", "https://h", "//", "http://h/a/"],
    parts: ["/", "//", "?", "#", "a", ":", "%2f"],
    put: (text) => {
      const path = normalPath(text);
      assert.ok(!path.includes("//") && (path === "/" || !path.endsWith("/")), `it is ${path}`);
    },
  },
  json: {
    good: ["[1,2,3]", '[{"a":[1]},"]"]', "[]", '["\\""]'],
    parts: ["[", "]", "{", "}", ",", '"', "\\", "1", ":", " "],
    put: async (text) => {
      const [byTurns, atOnce] = await Promise.all([
        settled(() => parseJson(text, async () => {}, 64)),
        settled(() => JSON.parse(text)),
      ]);
      assert.deepEqual(byTurns, atOnce);
    },
  },
};

async function settled(read: () => unknown): Promise<unknown> {
  try {
    return { value: await read() };
  } catch (cause) {
    assert.ok(cause instanceof SyntaxError, `it threw ${String(cause)}`);
    return "refused";
  }
}

interface Input {
  readonly parser: string;
  readonly text: string;
}

function inputsOf(parsers: Readonly<Record<string, Parser>>): fc.Arbitrary<Input> {
  const each = Object.entries(parsers).map(([parser, { good, parts }]) =>
    fc
      .oneof(
        { weight: 6, arbitrary: mutated(fc.constantFrom(...good)) },
        { weight: 2, arbitrary: fc.array(fc.constantFrom(...parts, ...good), { maxLength: 12 }).map((all) => all.join("")) },
        { weight: 1, arbitrary: splinters },
        { weight: 1, arbitrary: pumped(parts) },
      )
      .map((text): Input => ({ parser, text })),
  );
  return fc.oneof(...each);
}

/** The target for parsers, by name. */
export function textsTarget(parsers: Readonly<Record<string, Parser>>, found: readonly Input[] = []): Target {
  const open: Target["open"] = (figures) =>
    fuzzed(
      inputsOf(parsers),
      async ({ parser, text }) => {
        figures(parser);
        await parsers[parser]?.put(text);
      },
      { found },
    );
  return { name: "texts", weight: 1, ciRuns: 4_000, open };
}

/** Inputs that broke a promise once. */
const FOUND: readonly Input[] = [
  // A loop that starts again at each of its characters.
  { parser: "stacks", text: "\n".repeat(100_000) },
  { parser: "stacks", text: `a${" ".repeat(100_000)}b` },
  { parser: "assetRules", text: `/a${" ".repeat(1_990)}b\n`.repeat(500) },
  // As many ways as there are to part the text among the stars.
  { parser: "ignoreRules", text: `${"*a".repeat(20)}c` },
  { parser: "ignoreRules", text: "[z-a]" },
  // Names that all objects have.
  { parser: "connections", text: "constructor://user:word@host/base" },
];

export const texts: Target = textsTarget(PARSERS, FOUND);
