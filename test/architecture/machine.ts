/** Where time and chance are taken from the machine: elsewhere they are handed in, as `Clock` and `Ids`. */
import { codeOf } from "./shape.ts";
import { isTest, type Source } from "./sources.ts";

/** Files and folders that may, each with the reason. */
const ALLOWED: Readonly<Record<string, string>> = {
  "src/cli/": "puts parts together",
  "src/assembly/": "puts parts together",
  "src/system/": "is the clock and the chance that are handed in",
  "src/runtime/": "runs beside user code",
  "src/vitest/": "runs beside user code",
  "src/executors/workerd/isolate/": "runs beside user code",
  "src/executors/node/thread.ts": "runs beside user code",
  "src/executors/in-process/": "runs user code in this process",
  "src/executors/output/lines.ts": "says when a process wrote a line",
  "src/executors/workerd/host/requests.ts": "says when a process was called",
  "src/executors/workerd/process/": "keys of processes, and how long they take",
  "src/executors/workerd/child/": "names of folders and addresses of processes",
  "src/testing/harness/": "runs real servers in the tests of users",
  "src/vault/": "keys and nonces must never be foretold",
  "src/access/passwords.ts": "salts must never be foretold",
  "src/server/log.ts": "stamps lines for a terminal",
  "src/stores/sqlite/journal/adaptive.ts": "measures how fast the disk is",
};

const TAKEN = /\b(?:Date\.now|performance\.now|Math\.random|randomUUID|randomBytes)\b|\bnew Date\(\s*\)/;

const isAllowed = (path: string): boolean => isTest(path) || Object.keys(ALLOWED).some((allowed) => path.startsWith(allowed));

/** Files that take what they are to be given. */
export const takesFromMachine = (files: readonly Source[]): string[] =>
  files.filter(({ path, text }) => !isAllowed(path) && TAKEN.test(codeOf(text))).map(({ path }) => path);

/** What is allowed, and needs it no more. */
export const needlesslyAllowed = (files: readonly Source[]): string[] =>
  Object.keys(ALLOWED).filter((allowed) => !files.some(({ path, text }) => path.startsWith(allowed) && TAKEN.test(codeOf(text))));
