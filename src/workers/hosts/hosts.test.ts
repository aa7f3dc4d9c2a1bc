import { expect, test } from "vitest";
import type { Executor, Host, HostEnd } from "../../ports/executor.ts";
import { contractVersion } from "../../../test/contracts/executor/script.ts";
import { fakeClock } from "../../testing/fake-clock.ts";
import { BindingRegistry } from "./binding-registry.ts";
import { Hosts } from "./hosts.ts";
import type { HostLink } from "./link.ts";

/** Hosts of an executor that opens any version, with at most two hosts per version. */
function openHosts(
  open: () => Promise<Host>,
  { clock = fakeClock(), perVersion = 2 } = {},
): { hosts: Hosts; signals: AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const executor: Executor = { name: "none", open, close: () => Promise.resolve() };
  const bindings = (host: AbortSignal): (() => Promise<string>) => {
    signals.push(host);
    return () => Promise.resolve("");
  };
  return { hosts: new Hosts({ executor, bindings: { of: bindings }, clock, perVersion, idleMs: 1_000 }), signals };
}

test("what a host reads through its bindings is its own, and ends with it", async () => {
  const ends: ((end: HostEnd) => void)[] = [];
  const { hosts, signals } = openHosts(() => {
    const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
    ends.push(resolve);
    const close = (): Promise<void> => Promise.resolve(resolve({ kind: "closed" }));
    return Promise.resolve({
      send: () => undefined,
      onFrames: () => undefined,
      dispatch: () => Promise.reject(new Error("No handlers")),
      fetch: () => Promise.reject(),
      ended,
      close,
    });
  });
  await hosts.acquire(contractVersion());
  const { host } = await hosts.acquire(contractVersion());
  await hosts.acquire(contractVersion());
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  ends[0]?.({ kind: "hung", silentMs: 1 });
  await host.ended;
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  await hosts.close();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});

test("a host that does not open reads nothing", async () => {
  const { hosts, signals } = openHosts(() => Promise.reject(new Error("no")));
  await expect(hosts.acquire(contractVersion())).rejects.toThrow("no");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test("a host that is leaving gets nothing more, and is closed once it has nothing to do", async () => {
  const leaving = Promise.withResolvers<void>();
  const closed: number[] = [];
  let opened = 0;
  const { hosts } = openHosts(() => {
    const number = (opened += 1);
    const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
    const close = (): Promise<void> => Promise.resolve(resolve({ kind: "closed" })).then(() => void closed.push(number));
    return Promise.resolve({
      send: () => undefined,
      onFrames: () => undefined,
      dispatch: () => Promise.reject(new Error("No handlers")),
      fetch: () => Promise.reject(),
      ended,
      close,
      ...(number === 1 && { leaving: leaving.promise }),
    });
  });
  const first = await hosts.acquire(contractVersion());
  first.requests += 1;
  await hosts.acquire(contractVersion());
  leaving.resolve();
  await leaving.promise;
  const later = [await hosts.acquire(contractVersion()), await hosts.acquire(contractVersion())];
  expect(later).not.toContain(first);
  expect(closed).toEqual([]);
  first.requests -= 1;
  hosts.released(first);
  await first.host.ended;
  await Promise.resolve();
  expect(closed).toEqual([1]);
  await hosts.close();
  expect(closed).toEqual([1, 2, 3]);
});

test("binding calls are refused until their handler is registered", async () => {
  const bindings = new BindingRegistry();
  const call = { to: "workflow", name: "flow", method: "get", args: "" } as const;
  const { signal } = new AbortController();
  await expect(bindings.of(signal)(call)).rejects.toMatchObject({ failure: "internal_server" });
  bindings.register((host) => () => Promise.resolve(String(host.aborted)));
  expect(await bindings.of(signal)(call)).toBe("false");
});

test("a host is closed when it has had nothing to do for a while, not in the first pause after that", async () => {
  const clock = fakeClock();
  const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
  let closed = 0;
  const host: Host = {
    send: () => undefined,
    onFrames: () => undefined,
    dispatch: () => Promise.reject(new Error("No handlers")),
    fetch: () => Promise.reject(),
    ended,
    close: () => Promise.resolve(resolve({ kind: "closed" })).then(() => void (closed += 1)),
  };
  const { hosts } = openHosts(() => Promise.resolve(host), { clock, perVersion: 1 });
  const use = (link: HostLink): void => {
    link.requests += 1;
    link.requests -= 1;
    hosts.released(link);
  };
  use(await hosts.acquire(contractVersion()));
  for (let i = 0; i < 5; i += 1) {
    clock.advance(600);
    const link = hosts.ready(contractVersion().id);
    expect(link).toBeDefined();
    if (link !== undefined) use(link);
  }
  clock.advance(999);
  expect(closed).toBe(0);
  clock.advance(1);
  await ended;
});
