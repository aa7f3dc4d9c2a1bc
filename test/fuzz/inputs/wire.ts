/** What clients write on a connection: requests of HTTP that are wrong in one way or another, and WebSockets that are. */
import fc from "fast-check";

export interface WireInput {
  /** Each character a byte. `{operator}` becomes a token of that role. */
  readonly bytes: string;
  /** Where it is cut into pieces, which are written one by one. */
  readonly cuts: readonly number[];
  readonly end: "fin" | "reset";
  /** Whether it can be read as more than one request. */
  readonly mayAnswerTwice: boolean;
}

const CRLF = "\r\n";

/** A whole request, which is never to be one where it is hidden. */
const HIDDEN = `GET /smuggled HTTP/1.1${CRLF}Host: 127.0.0.1${CRLF}${CRLF}`;

const AFTER = `GET /healthz HTTP/1.1${CRLF}Host: 127.0.0.1${CRLF}${CRLF}`;

const AUTH = "Authorization: Bearer {operator}";

const HOSTS = [
  "Host: 127.0.0.1",
  "Host: localhost:1",
  "Host: app.localhost",
  "Host: ",
  "Host: a b",
  "Host: a:b@c",
  "Host: [::1",
  "Host: [::1]:99999",
  "Host: %00",
  "Host: 127.0.0.1/x?y#z",
  "Host: \xff\xfe",
  "Host: x\\y",
  `Host: ${"x".repeat(500)}`,
  `Host: a${CRLF}Host: b`,
  "X-Host: none",
];

const TARGETS = [
  "/healthz",
  "/",
  "/client/v4/accounts/local/workflows",
  "/api/v1/workflows",
  "/workers/app/x",
  "/tails/x",
  "/transfers/x",
  "*",
  "http://127.0.0.1/healthz",
  "http://a:b@127.0.0.1/healthz",
  "//evil/healthz",
  "/%",
  "/%zz?%",
  "/\xff",
  "/a\0b",
  "/a b",
  "/a#b",
  "/..",
  "/%2e%2e/%2e%2e",
  "?x",
  "\\x",
  `/${"x".repeat(20_000)}`,
  "",
];

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "DELETE",
  "PATCH",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "G@T",
  "",
  "QUERY",
];

const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1 x", "HTTP/11", "http/1.1", "", "HTTPS/1.1"];

const HEADERS = [
  "Connection: close",
  "Connection: keep-alive, upgrade",
  "Connection: \xff",
  "Expect: 100-continue",
  "Expect: x",
  "Accept: text/event-stream",
  "Content-Type: application/json",
  "X : space before the colon",
  "no colon at all",
  ": no name",
  "X: a\0b",
  "X: a\rb",
  "X: \x7f\x01",
  "X: \xff\xc0\x80",
  " folded: x",
  `X: ${"y".repeat(10_000)}`,
  `X: ${"y".repeat(100_000)}`,
  "Cookie: __Host-stepwell_session=x; stepwell_session=%zz; =; ;;",
  "Authorization: Bearer",
  "Authorization: Bearer \xff",
  "Authorization: Basic OjpA",
  "X-Forwarded-For: x, ::1, 1.2.3.4:99",
  "X-Forwarded-Proto: x",
  "Origin: null",
  "Origin: http://[",
  "Sec-Fetch-Site: cross-site",
  "Upgrade: h2c",
  "Trailer: x",
  "TE: trailers",
  "__proto__: x",
  "Range: bytes=0-,1-,2-",
  "If-None-Match: \xff",
  "Last-Event-ID: \xff",
];

const flood = fc.integer({ min: 1, max: 2_500 }).map((count) => Array.from({ length: count }, (_, i) => `X-${i}: y`).join(CRLF));

const headers = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...HEADERS) },
    flood,
    fc.string({ unit: "binary", maxLength: 20 }).map(bytesOf),
  ),
  { maxLength: 4 },
);

/** Of a text, its lowest bytes. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const first = <T>(usual: T, others: readonly T[], weight: number = 3): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const lines = (...all: readonly string[]): string => all.filter((line) => line !== "").join(CRLF) + CRLF + CRLF;

/** Lines and headers that are wrong; another request follows. */
const plain = fc
  .tuple(
    first("GET", METHODS),
    fc.constantFrom(...TARGETS),
    first("HTTP/1.1", VERSIONS),
    first(HOSTS[0] ?? "", HOSTS, 1),
    headers,
    fc.constantFrom(" ", "  ", "\t", ""),
    first(AUTH, [""]),
    first(AFTER, ["", CRLF + AFTER, "\0", HIDDEN.slice(4, 40)]),
  )
  .map(([method, target, version, host, more, gap, auth, after]) => ({
    bytes: lines(`${method} ${target}${gap === "" ? " " : gap}${version}`, host, auth, ...more) + after,
    mayAnswerTwice: true,
  }));

const chunk = (text: string): string => `${text.length.toString(16)}${CRLF}${text}${CRLF}`;

const LAST = `0${CRLF}${CRLF}`;

/** Lengths of a body that a careful parser refuses, as headers. `N` is the length of what follows. */
const WRONG_LENGTHS = [
  "Content-Length: +N",
  "Content-Length: -N",
  "Content-Length: 0xN",
  "Content-Length: N, N",
  "Content-Length: N,0",
  "Content-Length: N N",
  "Content-Length: N;",
  "Content-Length: ",
  "Content-Length: x",
  "Content-Length: 1e3",
  "Content-Length: 99999999999999999999999",
  `Content-Length: 0${CRLF}Content-Length: N`,
  `Content-Length: N${CRLF}Content-Length: 0`,
  `Content-Length: 0${CRLF}Transfer-Encoding: chunked`,
  `Transfer-Encoding: chunked${CRLF}Content-Length: 0`,
  `Content-Length: N${CRLF}Transfer-Encoding: chunked`,
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: \x0bchunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding: chunked;x",
  "Transfer-Encoding: gzip",
  `Transfer-Encoding: chunked${CRLF}Transfer-Encoding: identity`,
];

/** Bodies behind such: what is hidden stays hidden, however the length is read. */
const wrongLength = fc
  .tuple(
    fc.constantFrom("POST", "PUT", "PATCH", "GET", "DELETE"),
    fc.constantFrom(...TARGETS.slice(0, 6)),
    fc.constantFrom(...WRONG_LENGTHS),
  )
  .map(([method, target, length]) => ({
    bytes:
      lines(`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", AUTH, length.replaceAll("N", String(HIDDEN.length))) +
      HIDDEN +
      AFTER,
    mayAnswerTwice: false,
  }));

/** Sizes of chunks that a careful parser refuses. */
const WRONG_CHUNKS = ["0x10", "+10", "-10", " 10", "G", "", "FFFFFFFFFFFFFFFFF", "10 10", "1\r0", "10\0", "0\0"];

const wrongChunk = fc
  .tuple(
    fc.constantFrom("POST", "PUT", "GET"),
    fc.constantFrom(...TARGETS.slice(0, 6)),
    fc.constantFrom(...WRONG_CHUNKS),
    fc.boolean(),
  )
  .map(([method, target, size, isSecond]) => ({
    bytes:
      lines(`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", AUTH, "Transfer-Encoding: chunked") +
      (isSecond ? chunk("{}") : "") +
      `${size}${CRLF}${CRLF}${HIDDEN}${LAST}${AFTER}`,
    mayAnswerTwice: false,
  }));

/** Bodies that are right, with a request inside, whole or cut off anywhere. */
const rightBody = fc
  .tuple(
    fc.constantFrom("POST", "PUT", "PATCH", "DELETE", "GET", "HEAD"),
    fc.constantFrom(
      ...TARGETS.slice(0, 7),
      "/client/v4/accounts/local/workflows/Quick/instances",
      "/client/v4/accounts/local/workers/scripts/app",
    ),
    fc.boolean(),
    first(AUTH, ["", "Authorization: Bearer wrong"], 1),
    first("", ["Expect: 100-continue", "Connection: close"]),
    fc.option(fc.nat(), { freq: 2 }),
    first(AFTER, [AFTER + AFTER, ""]),
  )
  .map(([method, target, isChunked, auth, more, cut, after]) => {
    const length = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${2 * HIDDEN.length}`;
    const body = isChunked ? chunk(HIDDEN) + chunk(HIDDEN) + LAST : HIDDEN + HIDDEN;
    const whole = lines(`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", auth, more, length) + body;
    return { bytes: cut === null ? whole + after : whole.slice(0, cut % whole.length), mayAnswerTwice: true };
  });

const KEYS = [
  "dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "x",
  "dGhlIHNhbXBsZSBub25jZQ",
  "%%%%%%%%%%%%%%%%%%%%%%==",
  "x".repeat(5_000),
  "\xff",
];

const SOCKETS = [
  "/client/v4/accounts/local/workflows/Quick/subscribe",
  "/client/v4/accounts/local/workflows/Quick/subscribe?filter=x",
  "/client/v4/accounts/local/workflows/Quick/instances/none/subscribe",
  "/client/v4/accounts/local/workflows",
  "/tails/none",
  "/workers/app/",
  "/healthz",
  "http://127.0.0.1/healthz",
];

const size = (length: number): string => {
  if (length < 126) return String.fromCharCode(0x80 | length);
  return `\xfe${String.fromCharCode(length >> 8, length & 255)}`;
};

const frame = fc.oneof(
  // Whatever the first byte says, with a mask or without.
  fc
    .tuple(fc.nat({ max: 255 }), fc.boolean(), fc.nat({ max: 300 }))
    .map(([head, isMasked, length]) =>
      isMasked
        ? `${String.fromCharCode(head)}${size(length)}\0\0\0\0${"x".repeat(length)}`
        : `${String.fromCharCode(head)}${String.fromCharCode(length % 126)}${"x".repeat(length % 126)}`,
    ),
  fc.constantFrom(
    "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
    "\x81\xff\0\0\0\0\0\0\x20\0\0\0\0\0",
    "\x88\x82\0\0\0\0\x03\xed",
    "\x88\x81\0\0\0\0\x03",
    "\x88\x84\0\0\0\0\x03\xe8\xff\xff",
    "\x88\x80\0\0\0\0",
    "\x81\x82\0\0\0\0\xc3\x28",
    "\x09\x80\0\0\0\0",
    "\x80\x81\0\0\0\0x",
  ),
  fc.string({ unit: "binary", maxLength: 10 }).map(bytesOf),
  fc.nat({ max: 500 }).map((count) => "\x89\x80\0\0\0\0".repeat(count)),
);

const upgrade = fc
  .tuple(
    first("GET", METHODS, 8),
    fc.constantFrom(...SOCKETS),
    first("websocket", ["WebSocket", "websocket, h2c", "h2c", "x", ""], 8),
    first(KEYS[0] ?? "", KEYS, 4),
    first("13", ["12", "8", "0", "x", "", "13, 8"], 8),
    first(HOSTS[0] ?? "", HOSTS, 3),
    first(AUTH, ["", "Authorization: Bearer x"], 4),
    headers,
    fc.array(frame, { maxLength: 5 }),
  )
  .map(([method, target, protocol, key, version, host, auth, more, frames]) => ({
    bytes:
      lines(
        `${method} ${target} HTTP/1.1`,
        host,
        auth,
        "Connection: Upgrade",
        `Upgrade: ${protocol}`,
        `Sec-WebSocket-Key: ${key}`,
        `Sec-WebSocket-Version: ${version}`,
        ...more.slice(0, 1),
      ) + frames.join(""),
    mayAnswerTwice: true,
  }));

const garbage = fc.string({ unit: "binary", maxLength: 200 }).map((text) => ({ bytes: bytesOf(text), mayAnswerTwice: true }));

export const wireInput: fc.Arbitrary<WireInput> = fc
  .tuple(
    fc.oneof(plain, wrongLength, wrongChunk, rightBody, { weight: 2, arbitrary: upgrade }, garbage),
    fc.array(fc.nat(), { maxLength: 3 }),
    first<"fin" | "reset">("fin", ["reset"], 6),
  )
  .map(([made, cuts, end]) => ({ ...made, cuts, end }));
