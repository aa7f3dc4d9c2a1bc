/** Which client gets which lines of a script, and what happens to lines without a client. */
import { expect, test } from "vitest";
import { fakeClock } from "../../testing/fake-clock.ts";
import { LIMITS } from "../../model/limits.ts";
import { systemClock } from "../../system/clock.ts";
import type { ScriptInvocation, ScriptLine } from "../../ports/script-log.ts";
import type { LogLevel } from "../../model/views/script-line.ts";
import { PART_MS } from "./invocations.ts";
import { Tails } from "./tails.ts";
import { systemIds } from "../../system/ids.ts";

interface Line {
  readonly logs: readonly { readonly level: string; readonly message: readonly string[] }[];
  readonly event: { readonly type: string; readonly message: string } | null;
}

const NOW = 1_000;
const SIX_HOURS_MS = 6 * 60 * 60 * 1000;

function reading(tails: Tails, id: string): { next(): Promise<Line | undefined>; leave(): Promise<void> } {
  const reader = tails.connect(id)?.getReader();
  return {
    next: async () => {
      const value = (await reader?.read())?.value;
      return value === undefined ? undefined : (JSON.parse(new TextDecoder().decode(value)) as Line);
    },
    leave: async () => reader?.cancel(),
  };
}

function said(script: string, text: string, level: LogLevel = "log"): ScriptLine {
  const version = { id: "v1", script, hash: "", code: "", bindings: [], compatibilityFlags: [], createdAt: 0 };
  return { time: NOW, level, kind: "console", text, version };
}

test("a client gets the later lines of its script that match its filters", async () => {
  const tails = new Tails(systemClock, systemIds);
  const all = tails.open("shop", []);
  const some = tails.open("shop", [{ query: "order" }]);
  tails.publish(said("shop", "too early"));
  const [everything, orders] = [reading(tails, all.id), reading(tails, some.id)];
  tails.publish(said("bank", "order of another"));
  tails.publish(said("shop", "hello"));
  tails.publish(said("shop", "order 1", "error"));
  expect(await everything.next()).toMatchObject({ logs: [{ level: "log", message: ["hello"] }], event: null });
  expect(await everything.next()).toMatchObject({ logs: [{ level: "error", message: ["order 1"] }] });
  expect(await orders.next()).toMatchObject({ logs: [{ message: ["order 1"] }] });
});

function asked(script: string, path: string, outcome: ScriptInvocation["outcome"] = "ok"): ScriptInvocation {
  const { version } = said(script, "");
  if (version === undefined) throw new Error("There is one");
  const event = { request: { method: "GET", url: `https://${script}.test${path}`, headers: {} } };
  return { version, origin: { request: path }, event, startedAt: NOW, time: NOW, outcome };
}

test("an invocation is one event, which filters see as a whole", async () => {
  const tails = new Tails(systemClock, systemIds);
  const readers = [[], [{ outcome: ["exception"] }], [{ query: "paid" }]].map((filters) =>
    reading(tails, tails.open("shop", filters).id),
  );
  tails.publish({ ...said("shop", "paid"), origin: { request: "/pay" } });
  tails.learn(asked("shop", "/pay"));
  tails.learn(asked("shop", "/broken", "exception"));
  tails.learn(asked("bank", "/pay"));
  const paid = { event: { request: { url: "https://shop.test/pay" } }, outcome: "ok", logs: [{ message: ["paid"] }] };
  const broken = { event: { request: { url: "https://shop.test/broken" } }, outcome: "exception", logs: [] };
  expect([await readers[0]?.next(), await readers[0]?.next()]).toMatchObject([paid, broken]);
  expect([await readers[1]?.next(), await readers[2]?.next()]).toMatchObject([broken, paid]);
});

test("what goes on for long is sent as it comes, though nothing else happens", async () => {
  const clock = fakeClock(NOW);
  const tails = new Tails(clock, systemIds);
  const reader = reading(tails, tails.open("shop", []).id);
  const { outcome: _, ...open } = asked("shop", "/socket");
  tails.learn(open);
  tails.publish({ ...said("shop", "one"), origin: open.origin });
  clock.advance(PART_MS);
  tails.publish({ ...said("shop", "two"), origin: open.origin });
  clock.advance(PART_MS);
  const event = { request: { url: "https://shop.test/socket" } };
  expect([await reader.next(), await reader.next()]).toMatchObject([
    { event, logs: [{ message: ["one"] }] },
    { event, logs: [{ message: ["two"] }] },
  ]);
});

test("a tail has one reader, ends for it when it is closed, and is closed once, by the name of its script", async () => {
  const tails = new Tails(systemClock, systemIds);
  const { id } = tails.open("shop", []);
  const reader = reading(tails, id);
  expect(tails.connect(id)).toBeUndefined();
  expect(tails.connect("unknown")).toBeUndefined();
  expect(tails.close(id, "bank")).toBe(false);
  expect(tails.close(id, "shop")).toBe(true);
  expect(await reader.next()).toBeUndefined();
  expect(tails.close(id, "shop")).toBe(false);
});

test("one whose reader has left can still be closed, and read again", async () => {
  const tails = new Tails(systemClock, systemIds);
  const { id } = tails.open("shop", []);
  await reading(tails, id).leave();
  tails.publish(said("shop", "not received"));
  const again = reading(tails, id);
  tails.publish(said("shop", "hello"));
  expect(await again.next()).toMatchObject({ logs: [{ message: ["hello"] }] });
  expect(tails.close(id, "shop")).toBe(true);
});

test("a client that does not keep up is notified of what it has missed", async () => {
  const tails = new Tails(systemClock, systemIds);
  const reader = reading(tails, tails.open("shop", []).id);
  for (let i = 0; i < 1_500; i += 1) tails.publish(said("shop", `line ${i}`));
  const seen: string[] = [];
  for (let i = 0; i < 900; i += 1) seen.push((await reader.next())?.logs[0]?.message[0] ?? "");
  tails.publish(said("shop", "last"));
  for (let line = await reader.next(); ; line = await reader.next()) {
    seen.push(line?.event?.message ?? line?.logs[0]?.message[0] ?? "");
    if (seen.at(-1) === "last") break;
  }
  const lines = seen.length - 2;
  expect(seen.slice(0, lines)).toEqual(Array.from({ length: lines }, (_, i) => `line ${i}`));
  expect(seen.at(-2)).toBe(`${1_500 - lines} events arrived too fast and were dropped`);
});

test("a script has a limited number of tails; tails without a reader make room, and old tails end", () => {
  const clock = fakeClock(NOW);
  const tails = new Tails(clock, systemIds);
  const read = (script: string): void => void tails.connect(tails.open(script, []).id);
  for (let i = 1; i < LIMITS.tails; i += 1) read("shop");
  const unread = tails.open("shop", []);
  const last = tails.open("shop", []);
  expect(tails.connect(unread.id)).toBeUndefined();
  expect(tails.connect(last.id)).toBeDefined();
  expect(() => tails.open("shop", [])).toThrow(expect.objectContaining({ failure: "script.too_many_tails" }));
  read("bank");
  clock.advance(SIX_HOURS_MS - 1);
  expect(() => tails.open("shop", [])).toThrow();
  clock.advance(1);
  expect(tails.open("shop", []).expiresAt).toBe(NOW + 2 * SIX_HOURS_MS);
});
