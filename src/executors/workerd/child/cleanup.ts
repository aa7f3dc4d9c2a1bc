/**
 * Child processes die with this one, however it ends, and its temporary folders go with it. A child that never gives way does not
 * notice that its parent is gone, and Node cannot ask the kernel for a death signal. So a shell holds the pids of the children and
 * the paths of the folders, which it reads from a pipe. The kernel closes the pipe when this process ends, and then the shell kills
 * and removes what is still on the list.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";

/** A line of pids replaces the list; lines of folders, which begin with a slash, add to it. It outlives signals of a terminal. */
const SCRIPT = `trap '' HUP INT TERM; pids=
while IFS= read -r line; do case $line in /*) set -- "$@" "$line";; *) pids=$line; set --;; esac; done
[ -z "$pids" ] || kill -9 $pids
[ $# -eq 0 ] || rm -rf -- "$@"`;

/** How long after the end of a shell that was killed the next one is started, in milliseconds. */
const AGAIN_MS = 1_000;

const pids: Set<number> = new Set();
const folders: Set<string> = new Set();
let shell: ChildProcess | undefined;

/** The child with this pid is to be killed when this process ends. */
export function hold(pid: number): void {
  pids.add(pid);
  tell();
}

/** The child has ended. Its pid may soon be another process's. */
export function release(pid: number): void {
  pids.delete(pid);
  tell();
}

/** A path for a temporary folder, which cannot be guessed. */
export function temporaryPath(prefix: string): string {
  return join(tmpdir(), `${prefix}${randomBytes(12).toString("hex")}`);
}

/** Makes a folder that is removed when this process ends, in place of one that an ended child has left. Answers its path. */
export async function makeFolder(path: string): Promise<string> {
  folders.add(path);
  tell();
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
  return path;
}

/** Removes such a folder. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  folders.delete(path);
  tell();
}

function tell(): void {
  const holds = pids.size + folders.size > 0;
  if (shell === undefined && holds) shell = start();
  shell?.stdin?.write([[...pids].join(" "), ...folders, ""].join("\n"));
  if (holds) return;
  // With an empty list it ends, and does nothing.
  shell?.stdin?.end();
  shell = undefined;
}

/** Does not keep this process alive. Where there is no shell, what is in the child itself has to notice (`isolate/loader.ts`). */
function start(): ChildProcess {
  const child = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], env: {}, detached: true });
  child.unref();
  const over = (): void => {
    if (shell !== child) return;
    shell = undefined;
    setTimeout(tell, AGAIN_MS).unref();
  };
  child.on("exit", over);
  child.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code !== "ENOENT") over();
  });
  const { stdin }: { readonly stdin: (Writable & { unref?: () => void }) | null } = child;
  // The pipe is a reason to stay of its own. When descriptors have run out there is none.
  stdin?.unref?.();
  stdin?.on("error", () => {});
  return child;
}
