/** Passwords: kept as salted scrypt hashes, with the parameters that each was made with, so that newer ones may cost more. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and some 80 ms for each guess. */
const COST: Cost = { N: 32_768, r: 8, p: 1 };

const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** The hash to compare with when there is no such user: no password has it. */
const UNKNOWN_USER = write(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES));

/** What is kept of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return write(COST, salt, await derive(password, salt, COST));
}

/** True for the password of a hash. Takes as long without a hash, so that the time does not reveal which users exist. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N = "", r = "", p = "", salt = "", key = ""] = (kept ?? UNKNOWN_USER).split("$");
  const known = Buffer.from(key, "base64url");
  const found = await derive(password, Buffer.from(salt, "base64url"), { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(known, found) && kept !== undefined;
}

function write({ N, r, p }: Cost, salt: Buffer, key: Buffer): string {
  return `scrypt$${N}$${r}$${p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options = { ...cost, maxmem: 2 * 128 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    // One text has one form, whatever keyboard it was typed on.
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, options, (cause, key) => (cause === null ? resolve(key) : reject(cause)));
  });
}
