/**
 * Static assets: files that are uploaded before the Worker that they belong to. They are kept under the hash of their content,
 * which is computed here from what has arrived: no name that a client sends becomes one on the disk.
 */
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";

/** Files by their paths, which begin with a slash, as they were announced. */
export type AssetManifest = Readonly<Record<string, { readonly hash: string; readonly size: number }>>;

/** What has been announced. */
export interface AssetSession {
  readonly token: string;
  /** Hashes of what is still to be sent, in groups of a size that is sent at once. */
  readonly buckets: readonly (readonly string[])[];
}

interface Announced {
  readonly manifest: AssetManifest;
  readonly missing: Set<string>;
}

/** How many announcements are remembered; the oldest is let go. */
const SESSIONS = 100;

/** Bytes that are sent at once, about. */
const BUCKET_BYTES = 20 * 1024 * 1024;

const HOUR_S = 3_600;

/** What makes announcements. */
export interface AssetParts {
  readonly clock: Pick<Clock, "now">;
  readonly ids: Pick<Ids, "uuid">;
}

export class AssetStore {
  /** Where files are, each named for its hash. */
  readonly #folder: string;
  readonly #clock: AssetParts["clock"];
  readonly #ids: AssetParts["ids"];
  readonly #sessions: Map<string, Announced> = new Map();

  /** `folder` is made when the first file comes. */
  constructor(folder: string, { clock, ids }: AssetParts) {
    this.#folder = folder;
    this.#clock = clock;
    this.#ids = ids;
  }

  /** Fails with `assets.invalid` for more than may be. */
  async announce(manifest: AssetManifest): Promise<AssetSession> {
    check(manifest);
    const sizes = new Map(Object.values(manifest).map(({ hash, size }) => [hash, size]));
    const missing = new Set<string>();
    for (const hash of sizes.keys()) if (!(await this.#has(hash))) missing.add(hash);
    const token = tokenFor(this.#ids.uuid(), this.#clock.now());
    if (this.#sessions.size >= SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? "");
    this.#sessions.set(token, { manifest, missing });
    return { token, buckets: grouped([...missing], sizes) };
  }

  /** True when there is such an announcement: its token is all that is needed to send files. */
  knows(token: string): boolean {
    return this.#sessions.has(token);
  }

  /**
   * Takes in a file of an announcement, in base64. True when it was the last one.
   *
   * @throws Failure `assets.session`; `assets.invalid` when it is not the file that was announced.
   */
  async put(token: string, hash: string, base64: string): Promise<boolean> {
    const { manifest, missing } = this.#session(token);
    const path = Object.keys(manifest).find((each) => manifest[each]?.hash === hash);
    const content = Buffer.from(base64, "base64");
    if (path === undefined || hashOf(content, path) !== hash)
      throw new Failure("assets.invalid", { field: hash.slice(0, 40), detail: "This file was not announced" });
    if (content.byteLength > LIMITS.assetBytes) throw new Failure("assets.invalid", { field: path, detail: TOO_LARGE });
    if (!(await this.#has(hash))) await this.#write(hash, content);
    missing.delete(hash);
    return missing.size === 0;
  }

  /** Keeps a file that is on this machine already, and gives its hash. Fails with `assets.invalid` when it is too large. */
  async keep(path: string, content: Buffer): Promise<string> {
    if (content.byteLength > LIMITS.assetBytes) throw new Failure("assets.invalid", { field: path, detail: TOO_LARGE });
    const hash = hashOf(content, path);
    if (!(await this.#has(hash))) await this.#write(hash, content);
    return hash;
  }

  /** The files of an announcement, all of which are here. Fails with `assets.session`. */
  complete(token: string): AssetManifest {
    const { manifest, missing } = this.#session(token);
    if (missing.size > 0)
      throw new Failure("assets.session", { field: "metadata.assets.jwt", detail: `${missing.size} files are missing` });
    return manifest;
  }

  #session(token: string): Announced {
    const session = this.#sessions.get(token);
    if (session === undefined) throw new Failure("assets.session");
    return session;
  }

  async #has(hash: string): Promise<boolean> {
    return (await stat(join(this.#folder, hash)).catch(() => undefined)) !== undefined;
  }

  /** Whole or not at all. */
  async #write(hash: string, content: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const beside = join(this.#folder, `${this.#ids.uuid()}.part`);
    await writeFile(beside, content, { flush: true, mode: 0o600 });
    await rename(beside, join(this.#folder, hash));
  }
}

const TOO_LARGE = `A file may have at most ${LIMITS.assetBytes / 1024 / 1024} MiB`;

function check(manifest: AssetManifest): void {
  const entries = Object.entries(manifest);
  if (entries.length > LIMITS.assetFiles)
    throw new Failure("assets.invalid", {
      field: "manifest",
      detail: `${entries.length} files; at most ${LIMITS.assetFiles} are allowed`,
    });
  for (const [path, { hash, size }] of entries) {
    const refuse = (detail: string): never => {
      throw new Failure("assets.invalid", { field: `manifest.${path}`, detail });
    };
    if (!path.startsWith("/")) refuse("A path must start with a slash");
    if (!/^[\da-f]{32}$/.test(hash)) refuse("A hash must be 32 hexadecimal digits");
    if (size > LIMITS.assetBytes) refuse(TOO_LARGE);
  }
}

/** As wrangler computes it. */
function hashOf(content: Buffer, path: string): string {
  return bytesToHex(blake3(utf8ToBytes(content.toString("base64") + extname(path).slice(1)))).slice(0, 32);
}

function grouped(hashes: readonly string[], sizes: ReadonlyMap<string, number>): string[][] {
  const groups: string[][] = [];
  let bytes = 0;
  for (const hash of hashes) {
    const size = sizes.get(hash) ?? 0;
    const last = groups.at(-1);
    if (last === undefined || bytes + size > BUCKET_BYTES) {
      groups.push([hash]);
      bytes = size;
    } else {
      last.push(hash);
      bytes += size;
    }
  }
  return groups;
}

/** In the form of a JSON Web Token, in which wrangler looks for an end. What counts is that it is known here. */
function tokenFor(id: string, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ typ: "JWT" })}.${part({ exp: Math.floor(now / 1_000) + HOUR_S })}.${id}`;
}
