/** The command line of `stepwell dev`, in wrangler's words as well. */
import { expect, test } from "vitest";
import { readDevOptions } from "./dev-options.ts";

test("wrangler's options mean the same here", () => {
  const args = [
    "app",
    "-c",
    "w.json",
    "-e",
    "staging",
    "--ip",
    "0.0.0.0",
    "--persist-to",
    "state",
    "--minify",
    "--tsconfig",
    "t.json",
  ];
  const more = [
    "--var",
    "A:1:2",
    "--var",
    "B:",
    "--define",
    'C:"c"',
    "--alias",
    "d:./e.js",
    "--compatibility-flags",
    "nodejs_compat",
  ];
  const { project, server, folder, isFree } = readDevOptions([...args, ...more, "--compatibility-date", "2026-01-01"]);
  const here = process.cwd();
  expect(project).toEqual({
    file: `${here}/w.json`,
    env: "staging",
    vars: { A: "1:2", B: "" },
    define: { C: '"c"' },
    alias: { d: "./e.js" },
    minify: true,
    tsconfig: `${here}/t.json`,
    compatibilityDate: "2026-01-01",
    compatibilityFlags: ["nodejs_compat"],
  });
  expect([server.host, server.data, server.port, folder]).toEqual(["0.0.0.0", "state", 8787, `${here}/app`]);
  expect(isFree).toEqual({ host: false, port: true });
});

test.each([
  [["a", "b"], "takes one folder, not 2"],
  [["--var", "A=1"], '--var takes NAME:VALUE, not "A=1"'],
  [["--port", "many"], "--port takes a whole number"],
  [["--nonsense"], "Unknown option '--nonsense'"],
])("%j is refused", (args, said) => {
  expect(() => readDevOptions(args)).toThrow(said);
});

test("whose ids are adopted is one of three, and by default those of what is new", () => {
  expect(readDevOptions([]).server.policy).toEqual({ isStrict: false, adopts: "first" });
  expect(readDevOptions(["--strict", "--adopt-ids", "always"]).server.policy).toEqual({ isStrict: true, adopts: "always" });
  expect(() => readDevOptions(["--adopt-ids", "sometimes"])).toThrow("--adopt-ids is first, always, never");
});
