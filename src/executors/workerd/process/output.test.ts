/** Messages of scripts, in what their process writes. */
import { once } from "node:events";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import type { ScriptLine } from "../../../ports/script-log.ts";
import { endOf } from "../output/marks.ts";
import { Output } from "./output.ts";

const VERSION: ScriptVersion = {
  id: "v",
  script: "shop",
  hash: "",
  code: "",
  bindings: [],
  compatibilityFlags: [],
  createdAt: 0,
};

test.each(["{", "null", "1", '{"level":1,"kind":2,"origin":3,"invocation":{"id":4}}'])(
  "a script that forges what its own mark says, %j, is written as a message of it",
  async (says) => {
    const lines: ScriptLine[] = [];
    const output = new Output((line) => lines.push(line));
    const key = output.key(VERSION);
    const stream = Readable.from([`\u0001${key}\u0001${says}\u0001forged ${endOf(key)}\n`, "of workerd\n"]);
    output.follow(stream, "error");
    await once(stream, "close");
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.map(({ text, level, version }) => [text, level, version?.script])).toEqual([
      ["forged", "log", "shop"],
      ["of workerd", "error", undefined],
    ]);
  },
);
