/** Executor contract: scripts of several modules. */
import { expect, test } from "vitest";
import type { ScriptModule } from "../../../src/ports/catalog/script-versions.ts";
import type { OpenHost } from "./executor.ts";

/** `(module (func (export "answer") (result i32) i32.const 42))`. */
const WASM = "AGFzbQEAAAABBQFgAAF/AwIBAAcKAQZhbnN3ZXIAAAoGAQQAQSoL";

/** A handler that answers what an expression gives. */
function answering(expression: string): string {
  return `\nexport default { async fetch() { return Response.json(${expression}); } };`;
}

/** One of each type, in folders and beside each other. */
const MODULES: readonly ScriptModule[] = [
  { name: "./1f2e-note.txt", type: "text", content: "a note" },
  { name: "src/lib/deep.js", type: "esm", content: 'export { default } from "../beside.js";' },
  { name: "src/beside.js", type: "esm", content: 'import note from "../1f2e-note.txt"; export default `${note} beside`;' },
  { name: "data.json", type: "json", content: '{ "a": [1] }' },
  { name: "src/bytes.bin", type: "data", content: "AQID" },
  { name: "src/answer.wasm", type: "wasm", content: WASM },
  { name: "src/late.js", type: "esm", content: 'export default "late";' },
];

/** Modules beside the main one, and how they are resolved. */
export function moduleCases(open: OpenHost): void {
  const ask = async (setup: Parameters<OpenHost>[0]): Promise<unknown> => {
    const { host } = await open(setup);
    return (await host.fetch(new Request("http://contract.test/"))).json();
  };

  test("a main module in a folder imports every type, seen from where it is", async () => {
    const code = `
      import note from "../1f2e-note.txt";
      import deep from "./lib/deep.js";
      import data from "../data.json";
      import bytes from "./bytes.bin";
      import answer from "./answer.wasm";
      import { basename } from "node:path";
      const wasm = new WebAssembly.Instance(answer).exports.answer();
      const late = async () => (await import("./late.js")).default;
      ${answering('[note, deep, data, bytes instanceof ArrayBuffer, [...new Uint8Array(bytes)], wasm, await late(), basename("a/b")]')}`;
    const answer = ["a note", "a note beside", { a: [1] }, true, [1, 2, 3], 42, "late", "b"];
    expect(await ask({ code, mainModule: "src/main.js", modules: MODULES })).toEqual(answer);
  });

  test("cloudflare:workers has exports", async () => {
    const code = `import { exports } from "cloudflare:workers"; ${answering("typeof exports")}`;
    expect(await ask({ code })).toBe("object");
  });

  test("a main module at the root finds what wrangler has put beside it", async () => {
    const code = `import note from "./1f2e-note.txt"; ${answering("note")}`;
    expect(await ask({ code, mainModule: "worker.js", modules: MODULES })).toBe("a note");
  });

  test.each([{}, { compatibilityDate: "2026-11-01" }, { compatibilityFlags: ["new_module_registry"] }])(
    "cloudflare:email has the class of messages (%j)",
    async (more) => {
      const code = `import { EmailMessage } from "cloudflare:email"; import { made } from "./lib.js";
        const message = new EmailMessage("a@example.com", "b@example.com", "text");
        export class Unused { email() {} }
        ${answering("[message.from, message.to, made(), message instanceof EmailMessage]")}`;
      const lib = `export const made = () => typeof new (class extends EmailMessage {})("a", "b", "c").from;`;
      const modules: ScriptModule[] = [
        { name: "lib.js", type: "esm", content: `import { EmailMessage } from "cloudflare:email"; ${lib}` },
      ];
      expect(await ask({ code, mainModule: "main.js", modules, ...more })).toEqual([
        "a@example.com",
        "b@example.com",
        "string",
        true,
      ]);
    },
  );

  test("names never lead out", async () => {
    const modules: ScriptModule[] = [{ name: "../../up.js", type: "esm", content: "export default 1;" }];
    expect(await ask({ code: `import up from "./up.js"; ${answering("up")}`, mainModule: "../main.js", modules })).toBe(1);
  });

  test.each([
    ["is missing", 'import "./missing.js";', [], /missing\.js/],
    ["throws", 'import "./lib.js";', [{ name: "src/lib.js", type: "esm", content: "\nnull.x;" }], /\bsrc\/lib\.js:2/],
  ] as const)("a module that %s is named in the failure", async (_, code, modules, detail) => {
    await expect(open({ code, mainModule: "src/main.js", modules })).rejects.toMatchObject({
      failure: "script.invalid",
      detail: expect.stringMatching(detail) as unknown,
    });
  });
}
