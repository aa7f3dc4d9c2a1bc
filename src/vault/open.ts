/**
 * Finds the keys of a database, and opens its vault. Keys that are given come first; the file beside the database, which
 * is made when there is no other key, goes on decrypting what it once encrypted.
 */
import { randomBytes } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../model/failures/failure.ts";
import type { Vault } from "../ports/vault.ts";
import { aesVault } from "./aes.ts";
import { KEY_BYTES, parseKeys, type Key } from "./keys.ts";

/** Opens a vault with these keys, or with the one in `keyFile`. */
export async function openVault(given: readonly Key[], keyFile: string): Promise<Vault> {
  const own = await readKeyFile(keyFile);
  const [first, ...rest] = [...given, ...own];
  return aesVault(first === undefined ? [await makeKeyFile(keyFile)] : [first, ...rest]);
}

/**
 * The keys that the environment gives: in `STEPWELL_KEY`, or in the file that `STEPWELL_KEY_FILE` names. None when neither
 * is set.
 *
 * @throws Failure `vault.key_invalid` when both are set, or what they name is no key.
 */
export async function keysOf(env: Readonly<Record<string, string | undefined>>): Promise<readonly Key[]> {
  const { STEPWELL_KEY: text, STEPWELL_KEY_FILE: file } = env;
  if (text !== undefined && file !== undefined) {
    throw new Failure("vault.key_invalid", {
      field: "STEPWELL_KEY",
      detail: "STEPWELL_KEY and STEPWELL_KEY_FILE are both set; set only one",
    });
  }
  if (text !== undefined) return parseKeys(text, "STEPWELL_KEY");
  if (file === undefined) return [];
  return parseKeys(await readFile(file, "utf8").catch((cause: unknown) => unreadable("STEPWELL_KEY_FILE", cause)), file);
}

async function readKeyFile(path: string): Promise<readonly Key[]> {
  try {
    return parseKeys(await readFile(path, "utf8"), path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause instanceof Failure ? cause : unreadable(path, cause);
  }
}

/** Makes a key file that only its owner may read. It is on the disk, whole, before anything is encrypted with it. */
async function makeKeyFile(path: string): Promise<Key> {
  const text = randomBytes(KEY_BYTES).toString("base64");
  try {
    const file = await open(`${path}.new`, "w", 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(`# Encrypts the outputs of sensitive steps. Without it they cannot be read: keep a copy.\n${text}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return parseKeys(text, path)[0];
}

function unreadable(source: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new Failure("vault.key_invalid", { field: source, detail: `The key file cannot be read: ${reason}`, cause });
}
