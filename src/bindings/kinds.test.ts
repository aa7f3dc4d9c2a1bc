/** What holds for every kind of binding. */
import { StoreError } from "../model/failures/store-error.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { EXAMPLES, SECRET } from "../../test/support/binding-examples.ts";
import type { Binding } from "../ports/catalog/bindings.ts";
import { answerCall } from "./answer.ts";
import { kindOf, KINDS, knownType } from "./kinds.ts";
import { made } from "./made.ts";
import { provisionOf } from "./provisions.ts";
import { withoutSecrets } from "./secrets.ts";

const SCRIPT = "shop";
const examples: readonly Binding[] = Object.values(EXAMPLES);
const loader = readFileSync(new URL("../executors/workerd/isolate/loader/loader.ts", import.meta.url), "utf8");

describe.each(examples.map((binding) => [binding.type, binding] as const))("%s", (type, binding) => {
  const kind = kindOf(binding);

  test("an upload of what clients are shown makes the same binding, secrets aside", () => {
    const shown = { name: binding.name, type, ...kind.show(binding) };
    const hidden = Object.fromEntries(Object.entries(binding).filter(([, value]) => value === SECRET));
    const fields = KINDS[knownType(shown.type)].upload(SCRIPT).parse({ ...shown, ...hidden });
    const { sent: { unsupported: _remark, ...sent } = {}, ...others } = fields as { sent?: Record<string, unknown> };
    expect({ type, name: binding.name, ...others, ...(type === "unsupported" && { sent }) }).toEqual(binding);
  });

  test("its secrets are neither shown nor described, nor part of what tells versions apart", () => {
    expect(JSON.stringify([kind.show(binding), kind.describe(binding), withoutSecrets(binding)])).not.toContain(SECRET);
  });

  test("it is in env: a value, an object that is made, or a stub that the loader exports", () => {
    const provided = provisionOf(SCRIPT, binding);
    const stub = { fetch: () => Promise.reject(new Error("asked")) };
    expect(made(binding.name, provided, { call: () => Promise.resolve(), stub })).toBeDefined();
    if (provided.is === "client" || provided.is === "made")
      expect(made(binding.name, provided, { call: () => Promise.resolve() })).toBeDefined();
    if (provided.is === "stub") expect(loader).toMatch(new RegExp(`^export \\{[^}]*\\b${provided.facade}\\b`, "m"));
  });

  test("only a client may ask the server, and only for what it is bound to", async () => {
    const provided = provisionOf(SCRIPT, binding);
    const version = { id: "1", script: SCRIPT, hash: "", code: "", compatibilityFlags: [], createdAt: 0, bindings: [binding] };
    const ask = async (name: string): Promise<string> => {
      const call = { to: type, name, method: "m", args: "[]" };
      const end = await answerCall(
        version,
        (_, by) => Promise.resolve(String(by === binding)),
        call,
        () => {},
      );
      return end.kind === "answered" ? end.value : "refused";
    };
    expect(await ask(provided.is === "client" ? provided.to : binding.name)).toBe(provided.is === "client" ? "true" : "refused");
    expect(await ask("another")).toBe("refused");
  });
});

test("user code sees what is wrong with the store, and nothing else that goes wrong inside", async () => {
  const bindings = [{ type: "queue", name: "Q", queue: "q" }] as never;
  const version = { id: "1", script: SCRIPT, hash: "", code: "", compatibilityFlags: [], createdAt: 0, bindings };
  const messageOf = async (cause: Error): Promise<string> => {
    const faults: unknown[] = [];
    const call = { to: "queue", name: "q", method: "send", args: "[]" } as const;
    const end = await answerCall(
      version,
      () => Promise.reject(cause),
      call,
      (fault) => faults.push(fault),
    );
    expect(faults).toEqual([cause]);
    return end.kind === "refused" ? end.message : "";
  };
  expect(await messageOf(new StoreError("full", "secret"))).toMatch(/^\(store\.full\) The disk of the data directory is full/);
  expect(await messageOf(new Error("secret"))).toMatch(/^\(internal_server\) (?!.*secret)/);
});

test("a type that no kind is called is read as unsupported", () => {
  expect(["ai", "constructor", "unsupported", "d1"].map(knownType)).toEqual(["unsupported", "unsupported", "unsupported", "d1"]);
  const sent = { name: "KEY", type: "constructor", key_base64: SECRET };
  expect(KINDS.unsupported.upload(SCRIPT).parse(sent)).toEqual({
    kind: "constructor",
    sent: { name: "KEY", type: "constructor" },
  });
});
