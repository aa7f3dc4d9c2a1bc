import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { legend, listenToKeys, type Hotkeys } from "./hotkeys.ts";

function terminal(): {
  readonly input: PassThrough & { isTTY: boolean; setRawMode(raw: boolean): void };
  readonly raw: boolean[];
} {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => void raw.push(isRaw) });
  return { input, raw };
}

test("keys act, in either case; x, q, Ctrl-C and Ctrl-D exit; afterwards the terminal is as before", async () => {
  const { input, raw } = terminal();
  const done: string[] = [];
  const keys: Hotkeys = {
    b: { label: "open a browser", act: () => done.push("b") },
    d: { label: "debug", act: () => done.push("d") },
  };
  const stop = listenToKeys(input, keys, () => done.push("exit"));
  const pressed = new Promise((resolve) => input.once("data", resolve));
  input.write("bD?xq\u0003\u0004");
  await pressed;
  expect(done).toEqual(["b", "d", "exit", "exit", "exit", "exit"]);
  stop?.();
  expect(raw).toEqual([true, false]);
  expect(input.listenerCount("data")).toBe(0);
  expect(legend(keys)).toBe("[b] open a browser  [d] debug");
});

test("without a terminal there are none", () => {
  expect(listenToKeys(new PassThrough(), {}, () => {})).toBeUndefined();
});
