/**
 * The data directory is for the user that the server runs as, and for no other user of the machine: it holds payloads, keys and
 * hashes of passwords. One that an earlier version left open to others is closed when a server starts on it.
 */
import { chmod, lstat, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Log } from "../ports/log.ts";

/** What is ours in it: `--data .` may name a folder with more, which is not for us to change. */
const OURS =
  /^(?:(?:stepwell|audit|queues|analytics)\.db(?:[-.].*)?|stepwell\.key(?:\.new)?|first-token(?:\.new)?|assets|objects|storage|\.gitignore|https\.pem)$/;

/** Where the database of a data directory is. */
export function databaseIn(data: string): string {
  return join(data, "stepwell.db");
}

/** Where the audit log of a data directory is. */
export function auditIn(data: string): string {
  return join(data, "audit.db");
}

/** The rights of the group and of others. */
const OTHERS = 0o077;

/** What this process and its children make from now on is for their user alone. */
export function makeFilesPrivate(): void {
  process.umask(OTHERS);
}

/** Closes a data directory to other users. Never rejects: it may be another user's own, and be meant to be shared. */
export async function closeToOthers(data: string, log: Log): Promise<void> {
  // Windows has no such rights.
  if (process.platform === "win32") return;
  try {
    if (((await lstat(data)).mode & OTHERS) === 0) return;
    const entries = await readdir(data);
    const ours = entries.filter((name) => OURS.test(name));
    let closed = 0;
    for (const name of ours) closed += await close(join(data, name));
    // The directory comes last: a start that is cut off here leaves the rest to the next one.
    if (ours.length === entries.length) closed += await close(data);
    else log.warn("The data directory contains files of other programs; its permissions stay unchanged", { data });
    if (closed > 0)
      log.info("The data directory was readable by other users of this machine; its permissions are now restricted", {
        data,
        closed,
      });
  } catch (cause) {
    log.warn("The permissions of the data directory could not be restricted", { data, reason: String(cause) });
  }
}

/** What lies beside a project is not to be committed with it. One that has been named by hand is not for us to say. */
export async function keepOutOfGit(data: string): Promise<void> {
  if (basename(data) !== ".stepwell") return;
  // One that is there already, or a directory that cannot be written to, which others will say.
  await writeFile(join(data, ".gitignore"), "*\n", { flag: "wx" }).catch(() => undefined);
}

/** Closes a file, or a folder with all that is in it; answers how many were open. What a link leads to is left alone. */
async function close(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return 0;
  let closed = 0;
  if (found.isDirectory()) for (const name of await readdir(path)) closed += await close(join(path, name));
  if ((found.mode & OTHERS) === 0) return closed;
  await chmod(path, found.isDirectory() ? 0o700 : 0o600);
  return closed + 1;
}
