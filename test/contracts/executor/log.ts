/** Executor contract: what user code writes and throws, and to what it is attributed. */
import { expect, test } from "vitest";
import { LIMITS } from "../../../src/model/limits.ts";
import { encode } from "../../../src/model/values/value.ts";
import type { ScriptLine } from "../../../src/ports/script-log.ts";
import type { AttemptOrigin } from "../../../src/protocol/origin.ts";
import type { OpenHost } from "./executor.ts";

/** Collects messages. */
class Lines {
  readonly all: ScriptLine[] = [];
  #look: () => void = () => {};

  readonly hear = (line: ScriptLine): void => {
    this.all.push(line);
    this.#look();
  };

  /** Resolves with the messages of an instance once there are so many. */
  of(instance: string, count: number): Promise<ScriptLine[]> {
    return new Promise((resolve) => {
      const before = this.#look;
      this.#look = () => {
        before();
        const own = this.all.filter(({ origin }) => origin !== undefined && "instance" in origin && origin.instance === instance);
        if (own.length >= count) resolve(own);
      };
      this.#look();
    });
  }
}

function stepOf({ origin }: ScriptLine): AttemptOrigin | undefined {
  return origin !== undefined && "step" in origin ? origin.step : undefined;
}

/** How often `Talker` says something in the life of an instance. */
const TALK = 12;

/** Console and exceptions. */
export function logCases(open: OpenHost): void {
  test("a log line belongs to an instance, a step and an attempt", async () => {
    const lines = new Lines();
    const { driver } = await open({ onLog: lines.hear });
    await driver.start("Talker").last();
    const own = await lines.of("instance-1", TALK);
    expect(own.every(({ version }) => version?.script === "contract")).toBe(true);
    expect(own.every(({ origin }) => origin !== undefined && "workflow" in origin && origin.workflow === "contract-flow")).toBe(
      true,
    );
    const outside = own.filter((line) => stepOf(line) === undefined);
    expect(outside.map(({ level, text }) => [level, text])).toEqual([
      ["log", "begins 1 { deep: [ 1, 2 ] }"],
      ["debug", "later"],
      ["info", "100% %s"],
      ["error", "ends"],
    ]);
    for (const name of ["a", "b"]) {
      const inside = own.filter((line) => stepOf(line)?.name === name);
      expect(inside.map(stepOf)).toEqual(inside.map(() => ({ name, count: 1, attempt: 1 })));
      expect(inside.slice(0, 3).map(({ level, text }) => [level, text])).toEqual([
        ["info", `${name} starts`],
        ["warn", `${name}\nhas waited`],
        ["log", "{ far: true } of a timer"],
      ]);
    }
    const thrown = own.filter(({ kind }) => kind === "exception");
    expect(thrown.map((line) => [line.level, stepOf(line)?.name])).toEqual([
      ["error", "a"],
      ["error", "b"],
    ]);
    expect(thrown[1]?.text).toMatch(/^TypeError: b fails\n +at /);
  });

  test("lines of concurrent instances are attributed to their instance", async () => {
    const lines = new Lines();
    const { driver } = await open({ onLog: lines.hear });
    const runs = Array.from({ length: 20 }, (_, n) => driver.start("Talker", { params: encode({ n }) }));
    for (const [n, { id }] of runs.entries()) {
      const [first] = await lines.of(`instance-${id}`, TALK);
      expect(first?.text).toBe(`begins ${n} { deep: [ 1, 2 ] }`);
    }
  });

  test("a message that is too long is cut", async () => {
    const lines = new Lines();
    const { driver } = await open({ onLog: lines.hear });
    await driver.start("Shouter", { params: encode({ n: LIMITS.logLine }) }).last();
    const [full, cut, last] = await lines.of("instance-1", 3);
    expect([full?.text.length, cut?.text.length, cut?.text.at(-1)]).toEqual([LIMITS.logLine, LIMITS.logLine, "…"]);
    expect(last?.text).toBe("");
  });
}
