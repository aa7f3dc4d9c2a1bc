/** Each target of formats and protocols finds a fault that is planted in what it is about. */
import { expect, test } from "vitest";
import { received } from "../../src/executors/workerd/host/received.ts";
import { durationMs } from "../../src/model/time/duration.ts";
import { boundaryAfter } from "../../src/model/time/cron.ts";
import { decode, encode } from "../../src/model/values/value.ts";
import { decodeToRuntime } from "../../src/protocol/codec.ts";
import type { FromRuntime } from "../../src/protocol/frames.ts";
import { readProject } from "../../src/workers/config/project.ts";
import { runTarget } from "./run.ts";
import type { Target } from "./target.ts";
import { codecTarget } from "./targets/codec.ts";
import { configTarget } from "./targets/config.ts";
import { cronTarget } from "./targets/cron.ts";
import { durationsTarget } from "./targets/durations.ts";
import { framesTarget } from "./targets/frames.ts";
import { messagesTarget } from "./targets/messages.ts";
import { textsTarget } from "./targets/texts.ts";

async function faultOf(target: Target, runs: number): Promise<string> {
  const { failures } = await runTarget(target, { seed: 1, runs, forMs: Infinity });
  return failures.join("\n");
}

test("a value that comes back as another one", async () => {
  const lossy = {
    encode,
    decode: (text: string): unknown => (text.includes("-6") ? decode(text.replace("-6", "0")) : decode(text)),
  };
  expect(await faultOf(codecTarget(lossy), 2_000)).toContain("Expected values");
});

test("a duration that is read as another one", async () => {
  const wrong = (input: string | number): number => durationMs(input) * (String(input).includes("week") ? 2 : 1);
  expect(await faultOf(durationsTarget(wrong), 2_000)).toContain("Expected values");
});

test("a boundary that is left out", async () => {
  const skips = (text: string, ms: number): number | undefined => boundaryAfter(text, ms + (/W/.test(text) ? 86_400_000 : 0));
  expect(await faultOf(cronTarget(skips), 2_000)).toContain("after");
});

test("a parser that throws at what it does not know", async () => {
  const parser = { good: ["a:b"], parts: ["a", ":"], put: (text: string): void => void (text.split(":")[1] as string).length };
  expect(await faultOf(textsTarget({ parser }), 500)).toContain("TypeError");
});

test("a configuration whose error is none for its author", async () => {
  const raw = (folder: string, options: { readonly env: string | undefined }): ReturnType<typeof readProject> =>
    readProject(folder, options).catch((cause: Error) => {
      throw (cause.cause as Error | undefined) ?? cause;
    });
  expect(await faultOf(configTarget(raw), 500)).toContain("Error");
});

test("frames that nothing has checked", async () => {
  const unchecked = (text: string): readonly FromRuntime[] => decodeToRuntime(text) as unknown as readonly FromRuntime[];
  expect(await faultOf(framesTarget(unchecked), 500)).toContain("breaks a promise");
});

test("a message that is taken apart before it is known to be one", async () => {
  const careless = (data: Buffer, isBinary: boolean): unknown =>
    data.toString() === "null" ? (null as never as Buffer).length : received(data, isBinary);
  expect(await faultOf(messagesTarget(careless), 100)).toContain("TypeError");
});
