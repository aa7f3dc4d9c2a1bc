/**
 * A vault that seals with AES-256-GCM: secret, and tamper-proof in its place. A sealed value is one byte of format, four
 * of key id, twelve of nonce, the cipher text, and sixteen of tag; as text it is that in base64 behind a mark.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Failure } from "../model/failures/failure.ts";
import { isSealed, SEAL } from "../model/values/value.ts";
import type { Place, Vault } from "../ports/vault.ts";
import type { Key } from "./keys.ts";

const CIPHER = "aes-256-gcm";
const FORMAT = 1;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/** Stands for the piece's number when a value is sealed whole. */
const WHOLE = null;

/** A vault that seals with the first of these keys and opens with any of them. */
export function aesVault(keys: readonly [Key, ...Key[]]): Vault {
  const [current] = keys;
  const byId = new Map(keys.map((key) => [key.id, key]));

  const seal = (plain: Uint8Array, place: Place, part: number | null): Buffer => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, current.bytes, nonce).setAAD(bound(place, part));
    const head = [Buffer.of(FORMAT), Buffer.from(current.id, "hex"), nonce];
    return Buffer.concat([...head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };

  const open = (sealed: Buffer, place: Place, part: number | null): Buffer => {
    if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== FORMAT) throw damaged(place);
    const id = sealed.toString("hex", 1, 1 + ID_BYTES);
    const key = byId.get(id);
    if (key === undefined) {
      throw new Failure("vault.key_missing", { detail: `The key ${id}, which encrypted this output, is missing` });
    }
    const decipher = createDecipheriv(CIPHER, key.bytes, sealed.subarray(1 + ID_BYTES, HEAD_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(bound(place, part))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw damaged(place, cause);
    }
  };

  return {
    seal: (value, place) => SEAL + seal(Buffer.from(value), place, WHOLE).toString("base64"),
    open: (text, place) => {
      const sealed = Buffer.from(text.slice(SEAL.length), "base64");
      // Base64 that says the same in other letters has been tampered with as well.
      if (!isSealed(text) || SEAL + sealed.toString("base64") !== text) throw damaged(place);
      return open(sealed, place, WHOLE).toString();
    },
    sealBytes: seal,
    openBytes: (sealed, place, number) => open(asBuffer(sealed), place, number),
  };
}

/** What the tag vouches for besides the value. */
function bound({ workflow, instance, step }: Place, part: number | null): Buffer {
  return Buffer.from(JSON.stringify([workflow, instance, step, part]));
}

function damaged({ step }: Place, cause?: unknown): Failure {
  return new Failure("vault.damaged", { detail: `The stored output of step "${step}" is damaged or has been moved`, cause });
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
