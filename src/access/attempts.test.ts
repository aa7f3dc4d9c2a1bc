/** Failed logins: they slow clients that guess passwords, and must not slow others. */
import { beforeEach, expect, test } from "vitest";
import { LIMITS } from "../model/limits.ts";
import { fakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { Attempts } from "./attempts.ts";

let clock: FakeClock;
let attempts: Attempts;

beforeEach(() => {
  clock = fakeClock();
  attempts = new Attempts(clock);
});

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const fail = (address: string, name?: string): Promise<undefined> => attempts.within({ address, name }, async () => undefined);
const logIn = (address: string, name?: string): Promise<string | undefined> =>
  attempts.within({ address, name }, async () => "in");

/** Lets as much time go by as a login may have to wait. */
async function patiently<T>(login: Promise<T>): Promise<T> {
  const state = { isDone: false };
  const done = login.finally(() => (state.isDone = true));
  for (let waitedMs = 0; !state.isDone && waitedMs <= LIMITS.loginDelayMs; waitedMs += 100) {
    await turn();
    if (!state.isDone) clock.advance(100);
  }
  return done;
}

const TOO_OFTEN = { failure: "authentication.too_often" };

test("an address that fails too often is refused for a minute, and no other is", async () => {
  for (let i = 0; i < LIMITS.failedLogins; i += 1) await fail("192.0.2.1");
  clock.advance(59_000);
  await expect(logIn("192.0.2.1")).rejects.toMatchObject({ ...TOO_OFTEN, retryAfterMs: 1_000 });
  expect(await logIn("192.0.2.2")).toBe("in");
  clock.advance(1_000);
  expect(await logIn("192.0.2.1")).toBe("in");
});

test("strangers who fail under a name from many addresses delay its owner by seconds, and other users not at all", async () => {
  for (let i = 0; i < 1_000; i += 1) fail(`198.51.100.${i}`, "ada").catch(() => undefined);
  await turn();
  expect(await logIn("192.0.2.2", "bob")).toBe("in");
  expect(await logIn("192.0.2.3")).toBe("in");
  expect(clock.pending).toBeGreaterThan(900);
  expect(await patiently(logIn("192.0.2.1", "ada"))).toBe("in");
});

test("each failure under a name makes the next attempt wait for longer, up to the limit", async () => {
  const waits: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const before = clock.now();
    await patiently(fail(`198.51.100.${i}`, "ada"));
    waits.push(clock.now() - before);
  }
  expect(waits).toEqual([0, 0, 0, 0, 0, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
});

test("attempts count while they are pending, and no longer once they have succeeded", async () => {
  const waiting = Promise.withResolvers<string>();
  const many = Array.from({ length: LIMITS.failedLogins }, () => attempts.within({ address: "a" }, () => waiting.promise));
  await expect(logIn("a")).rejects.toMatchObject(TOO_OFTEN);
  waiting.resolve("in");
  await Promise.all(many);
  expect(await logIn("a")).toBe("in");
});

test("all addresses of one IPv6 network count as one, however they are written", async () => {
  for (let i = 0; i < LIMITS.failedLogins; i += 1) await fail(`2001:db8:0:7::${i}`);
  for (const same of ["2001:db8::7:1:2:3:4", "2001:0DB8:0:0007:ffff::", "2001:db8:0:7:1:2:3:4%eth0"])
    await expect(logIn(same)).rejects.toMatchObject(TOO_OFTEN);
  for (const other of ["2001:db8:0:8::1", "2001:db8::7", "::1"]) expect(await logIn(other)).toBe("in");
});

test("passwords are compared two at a time, the newest first, and the one that has waited for the longest makes room", async () => {
  const order: number[] = [];
  const turns = Array.from({ length: LIMITS.waitingLogins + 3 }, () => Promise.withResolvers<string>());
  const logins = turns.map(({ promise }, i) =>
    attempts.within({ address: `a${i}`, name: `n${i}` }, () => {
      order.push(i);
      return promise;
    }),
  );
  const all = Promise.allSettled(logins);
  await turn();
  expect(order).toEqual([0, 1]);
  turns.forEach(({ resolve }) => resolve("in"));
  const refused = (await all).flatMap((end, i) => (end.status === "rejected" ? [[i, end.reason as unknown]] : []));
  expect(refused).toEqual([[2, expect.objectContaining(TOO_OFTEN)]]);
  expect(order.slice(2, 5)).toEqual([LIMITS.waitingLogins + 2, LIMITS.waitingLogins + 1, LIMITS.waitingLogins]);
});

test("what is remembered is bounded", async () => {
  for (let i = 0; i < LIMITS.failedLogins; i += 1) await fail("first");
  for (let i = 0; i < 10_000; i += 1) await fail(`a${i}`);
  expect(await logIn("first")).toBe("in");
});
