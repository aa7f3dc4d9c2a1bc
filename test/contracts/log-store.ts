/** The messages of instances: what is kept of them, and how long. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/model/limits.ts";
import type { LogLine } from "../../src/ports/logs/instance-logs.ts";
import { SAMPLE_NOW, sampleInstance, sampleWriter, type OpenedStore, type SampleWriter } from "./store-samples.ts";

function line(text: string): LogLine {
  const step = { name: "charge", count: 1, attempt: 2 };
  return { time: SAMPLE_NOW, level: "warn", kind: "console", text, versionId: "v1", step };
}

/** Defines the tests of what is kept of instances' messages. */
export function logStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: logs`, () => {
    const at = {} as OpenedStore & { writer: SampleWriter; pk: number };
    beforeEach(async () => {
      const opened = await open();
      const writer = await sampleWriter(opened.store);
      const [pk = 0] = await writer.create(sampleInstance("a"));
      Object.assign(at, opened, { writer, pk });
    });
    afterEach(() => at.close());

    const append = (pk: number, texts: readonly string[], lost = 0): Promise<void> =>
      at.logs.append([{ pk, lines: texts.map(line), lost }]);
    const read = async (after = 0): Promise<{ texts: string[]; numbers: number[]; dropped: number }> => {
      const { lines, dropped } = await at.logs.read(at.pk, after);
      return { texts: lines.map(({ text }) => text), numbers: lines.map(({ n }) => n), dropped };
    };

    test("appended lines are read unchanged, in their order, and from any number on", async () => {
      expect(await at.logs.read(at.pk, 0)).toEqual({ lines: [], dropped: 0 });
      await append(at.pk, ["one", "two"]);
      await append(at.pk, ["three", "four"]);
      const { lines } = await at.logs.read(at.pk, 0);
      expect(lines).toEqual(["one", "two", "three", "four"].map((text, i) => ({ n: i + 1, ...line(text) })));
      for (const after of [0, 1, 2, 3, 4, 5]) expect((await read(after)).numbers).toEqual([1, 2, 3, 4].slice(after));
    });

    test("instances do not see one another's", async () => {
      const [other = 0] = await at.writer.create(sampleInstance("b"));
      await at.logs.append([
        { pk: at.pk, lines: [line("mine")], lost: 0 },
        { pk: other, lines: [line("yours")], lost: 0 },
      ]);
      expect((await read()).texts).toEqual(["mine"]);
    });

    test("the newest lines are kept, and dropped ones are counted", async () => {
      const all = Array.from({ length: LIMITS.logLines + 50 }, (_, i) => `line ${i + 1}`);
      for (let from = 0; from < all.length; from += 70) await append(at.pk, all.slice(from, from + 70));
      expect(await read()).toEqual({
        texts: all.slice(50),
        numbers: all.slice(50).map((_, i) => i + 51),
        dropped: 50,
      });
      await append(at.pk, ["after a gap"], 10);
      expect(await read(1_050)).toEqual({ texts: ["after a gap"], numbers: [LIMITS.logLines + 61], dropped: 61 });
    });

    test("the newest are kept up to so many characters", async () => {
      const half = "x".repeat(LIMITS.logText / 2);
      await append(at.pk, ["first", half, half]);
      expect((await read()).numbers).toEqual([2, 3]);
      await append(at.pk, ["y"]);
      expect(await read()).toMatchObject({ numbers: [3, 4], dropped: 2 });
    });

    test("lines are deleted with their instance, and later ones are dropped", async () => {
      await append(at.pk, ["old"]);
      await at.writer.commit({ removes: [at.pk] });
      expect(await read()).toEqual({ texts: [], numbers: [], dropped: 0 });
      await append(at.pk, ["late"]);
      expect(await read()).toEqual({ texts: [], numbers: [], dropped: 0 });
    });
  });
}
