/**
 * What holds for every executor: each implementation runs these cases in a test file of its own. One that cannot pass a
 * group of cases names it with the reason, which is printed.
 */
import { afterEach, describe } from "vitest";
import { Failure } from "../../../src/model/failures/failure.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { BindingHandler, Executor, Host } from "../../../src/ports/executor.ts";
import type { OnLog } from "../../../src/ports/script-log.ts";
import { arrangementCases } from "./arrangement.ts";
import { Driver } from "./driver.ts";
import { crashCases, eventCases, exitCases, fetchCases, hangCases, isolationCases, loadCases, rejectionCases } from "./host.ts";
import { logCases } from "./log.ts";
import { moduleCases } from "./module.ts";
import { bindingCases, endCases, runCases } from "./run.ts";
import { rollbackCases } from "./rollback.ts";
import { contractVersion } from "./script.ts";

/** Groups of cases that an executor may not be able to pass. */
export type SkippableCases =
  | "bindings"
  | "load"
  | "modules"
  | "fetch"
  | "events"
  | "hang"
  | "crash"
  | "rejections"
  | "exit"
  | "isolation";

/** What a test asks of an executor. */
export interface ExecutorSetup {
  /** How long a host may be silent, and how long a script may load, in milliseconds. */
  readonly hangAfterMs: number;
  /** Answers binding calls, for executors whose `env` is made by the caller. */
  readonly bindings: BindingHandler;
  /** Gets what scripts write. */
  readonly onLog: OnLog;
}

/** Makes an executor to be tested. */
export type OpenExecutor = (setup: ExecutorSetup) => Executor | Promise<Executor>;

/** A host to be opened: with the contract's script unless `code` is given, and bindings that refuse everything unless they are given. */
export interface HostSetup extends Partial<ExecutorSetup>, Partial<Pick<ScriptVersion, "code" | "mainModule" | "modules">> {}

/** Opens a host, and closes it when the test is over. */
export type OpenHost = (setup?: HostSetup) => Promise<{ readonly host: Host; readonly driver: Driver }>;

/** Declares the tests. `skips` maps groups of cases to the reason why they do not apply. */
export function executorContract(
  name: string,
  openExecutor: OpenExecutor,
  skips: Partial<Record<SkippableCases, string>> = {},
): void {
  const executors: Executor[] = [];
  const refuse: BindingHandler = () => Promise.reject(new Failure("workflow.not_found"));

  const open: OpenHost = async ({ bindings = refuse, hangAfterMs = 60_000, onLog = () => {}, code, ...modules } = {}) => {
    const executor = await openExecutor({ hangAfterMs, bindings, onLog });
    executors.push(executor);
    const host = await executor.open({ ...contractVersion(code), ...modules }, bindings);
    return { host, driver: new Driver(host) };
  };

  const group = (cases: SkippableCases, title: string, declare: (open: OpenHost) => void): void => {
    const reason = skips[cases];
    if (reason !== undefined) console.info(`executor contract: ${name}: no cases about ${title}: ${reason}`);
    describe.skipIf(reason !== undefined)(title, () => declare(open));
  };

  describe(`executor contract: ${name}`, () => {
    afterEach(async () => {
      await Promise.all(executors.splice(0).map((executor) => executor.close()));
    });

    describe("runs", () => runCases(open));
    describe("rollback", () => rollbackCases(open));
    describe("arrangements", () => arrangementCases(open));
    describe("ends", () => endCases(open));
    describe("logs", () => logCases(open));
    group("bindings", "bindings", bindingCases);
    group("isolation", "a script's own place", isolationCases);
    group("load", "code that does not load", loadCases);
    group("modules", "scripts of several modules", moduleCases);
    group("fetch", "requests", fetchCases);
    group("events", "other handlers", eventCases);
    group("hang", "hangs", hangCases);
    group("crash", "crashes", crashCases);
    group("rejections", "unhandled rejections", rejectionCases);
    group("exit", "scripts that exit", exitCases);
  });
}
