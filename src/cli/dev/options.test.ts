/** The command line of `stepwell dev`, in wrangler's words as well. */
import { expect, test } from "vitest";
import { readDevOptions } from "./options.ts";

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
  const { projects, server, isFree } = readDevOptions([...args, ...more, "--compatibility-date", "2026-01-01"]);
  const here = process.cwd();
  const [{ folder, options }] = projects;
  expect(options).toEqual({
    file: `${here}/w.json`,
    env: "staging",
    vars: { A: "1:2", B: "" },
    define: { C: '"c"' },
    alias: { d: "./e.js" },
    minify: true,
    tsconfig: `${here}/t.json`,
    compatibilityDate: "2026-01-01",
    compatibilityFlags: ["nodejs_compat"],
    origin: {},
  });
  expect([server.host, server.data, server.port, folder]).toEqual(["0.0.0.0", `${here}/state`, 8787, `${here}/app`]);
  expect(isFree).toEqual({ host: false, port: true, protocol: true });
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

test.each([
  [["--prot", "1"], "did you mean --port?"],
  [["--presist-to", "x"], "did you mean --persist-to?"],
  [["--remote"], "--remote: stepwell dev runs everything on this machine"],
  [["--tunnel"], "cloudflared tunnel --url"],
  [["--log-level", "loud"], '--log-level is debug, info, log, warn, error or none, not "loud"'],
  [["--inspector-ip", "0.0.0.0"], "--inspector-ip takes a loopback address"],
  [["--inspector-port", "x"], "--inspector-port takes a whole number"],
  [["--local-protocol", "https", "--https-key-path", "a"], "--https-key-path and --https-cert-path must be given together"],
  [["--host", "0.0.0.0"], "To listen at 0.0.0.0, use --ip 0.0.0.0"],
  [["--upstream-protocol", "ftp"], '--upstream-protocol is http or https, not "ftp"'],
  [["--local-protocol", "ftp"], '--local-protocol is http or https, not "ftp"'],
])("%j is answered with what to do", (args, said) => {
  expect(() => readDevOptions(args)).toThrow(said);
});

test("every option of `wrangler dev` is taken, one by one or together", () => {
  const accepted = [
    "--local",
    "-l",
    "--latest",
    "--test-scheduled",
    "--install-skills",
    "--profile=me",
    "--routes",
    "a/*",
    "--no-bundle",
  ];
  const noted = ["--live-reload", "--types"];
  const { notes, projects } = readDevOptions([
    ...accepted,
    ...noted,
    "--show-interactive-dev-session=false",
    "--inspector-port",
    "0",
  ]);
  expect(notes.map((text) => text.split(":", 1)[0])).toEqual(["--live-reload", "--types"]);
  expect(projects[0].options).toMatchObject({ bundles: false });
  expect(readDevOptions(["--show-interactive-dev-session=false"]).isInteractive).toBe(false);
  expect(readDevOptions(["--log-level", "error"]).server.logLevel).toBe("warn");
  const words = readDevOptions(["--var", "A:1", "B:2", "--name", "other", "--env-file", "a.env", "--env-file", "b.env"])
    .projects[0].options;
  expect(words).toMatchObject({ vars: { A: "1", B: "2" }, name: "other" });
  expect(words.envFiles).toEqual([`${process.cwd()}/a.env`, `${process.cwd()}/b.env`]);
});

test("what Workers see as their origin is not where they listen", () => {
  const seen = ["--host", "shop.example.com", "--local-upstream", "other.example.com", "--upstream-protocol", "https"];
  const routes = ["--route", "a.example.com/*", "--infer-origin-from-routes=false"];
  const { server, projects } = readDevOptions([...seen, ...routes, "-c", "a.json", "-c", "b.json"]);
  expect(server.host).toBe("127.0.0.1");
  expect(projects.map(({ options }) => options.origin)).toEqual([
    { host: "shop.example.com", protocol: "https", routes: ["a.example.com/*"], infers: false },
    { infers: false },
  ]);
  expect(readDevOptions(["--local-upstream", "other.example.com"]).projects[0].options.origin).toEqual({
    host: "other.example.com",
  });
});

test("several configurations are several Workers; the first has what the command line says", () => {
  const { projects } = readDevOptions(["-c", "a/wrangler.jsonc", "-c", "b/wrangler.jsonc", "--var", "A:1", "-e", "staging"]);
  const here = process.cwd();
  expect(projects.map(({ options }) => [options.file, options.vars, options.env])).toEqual([
    [`${here}/a/wrangler.jsonc`, { A: "1" }, "staging"],
    [`${here}/b/wrangler.jsonc`, undefined, "staging"],
  ]);
});
