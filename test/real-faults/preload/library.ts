/** Builds the library that is put before libc, with the compiler of the machine. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BINARY } from "../../../src/executors/workerd/child/binary.ts";
import { Control } from "./control.ts";

const SOURCE = fileURLToPath(new URL("./interpose.c", import.meta.url));

/** Undefined when this machine has no C compiler, or is not Linux. */
export function buildLibrary(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const folder = mkdtempSync(join(tmpdir(), "stepwell-faults-library-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const library = join(folder, "interpose.so");
  try {
    execFileSync("cc", ["-O2", "-fPIC", "-shared", "-o", library, SOURCE, "-ldl", "-lpthread"], { stdio: "pipe" });
    return library;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/** Files of one process, or of a server and its processes, whose disk fails. */
export interface Rig {
  readonly control: Control;
  /** For the process itself. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a process is to be started with; `data` is the folder whose files fail. With `trace` its writes are recorded there. */
export function rig(library: string, folder: string, data: string, trace?: string): Rig {
  const control = new Control(join(folder, "control"));
  const faults = { FAULTS_DATA: data, FAULTS_CONTROL: control.file, ...(trace !== undefined && { FAULTS_TRACE: trace }) };
  return { control, env: { LD_PRELOAD: library, ...faults } };
}

/** As `rig`, for the processes of workerd alone, which a server starts with an environment of their own. */
export function workerdRig(library: string, folder: string, data: string, trace?: string): Rig {
  const { control, env } = rig(library, folder, data, trace);
  const wrapper = join(folder, "workerd");
  const words = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(wrapper, `#!/bin/sh\nexec env ${words.join(" ")} '${BINARY}' "$@"\n`);
  chmodSync(wrapper, 0o755);
  return { control, env: { STEPWELL_WORKERD: wrapper } };
}
