/**
 * A self-signed certificate for this machine, for `--local-protocol https`. It is kept in the data directory, so that a browser
 * that accepts it once goes on accepting it, and renewed before it expires.
 */
import { generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Tls } from "../server/http.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How long one is good for, in days; browsers take no longer ones. */
const DAYS = 397;

/** The length of serial numbers. */
const SERIAL_BYTES = 16;

interface CertificateParts {
  readonly clock: Pick<Clock, "now">;
  readonly ids: Pick<Ids, "secret">;
}

/** That of a data directory. */
export async function selfSigned(data: string, { clock, ids }: CertificateParts): Promise<Tls> {
  const file = join(data, "https.pem");
  const kept = await readFile(file, "utf8").catch(() => "");
  const [key = "", cert = ""] = kept.split(/(?=-----BEGIN CERTIFICATE)/);
  if (cert !== "" && new X509Certificate(cert).validToDate.getTime() > clock.now() + DAY_MS) return { key, cert };
  const made = certificate(clock.now(), Buffer.from(ids.secret(), "base64url").subarray(0, SERIAL_BYTES));
  await writeFile(file, made.key + made.cert, { mode: 0o600 });
  return made;
}

/** X.509 in DER (RFC 5280), with an elliptic curve's key. */
function certificate(now: number, serial: Buffer): Tls {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(tagged(0x31, sequence(COMMON_NAME, tagged(0x0c, Buffer.from("localhost")))));
  // Positive, and no byte too many.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, serial),
    sequence(ECDSA_WITH_SHA256),
    name,
    sequence(time(now - DAY_MS), time(now + DAYS * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(sequence(ALTERNATIVE_NAMES, tagged(0x04, sequence(...NAMES))))),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = sequence(body, sequence(ECDSA_WITH_SHA256), tagged(0x03, Buffer.of(0), signature));
  const lines = whole.toString("base64").replaceAll(/(.{64})(?=.)/g, "$1\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

/** Object identifiers, in DER. */
const COMMON_NAME: Buffer = Buffer.from("0603550403", "hex");
const ECDSA_WITH_SHA256: Buffer = Buffer.from("06082a8648ce3d040302", "hex");
const ALTERNATIVE_NAMES: Buffer = Buffer.from("0603551d11", "hex");

/** Host names have the tag 2, addresses 7. */
const NAMES: readonly Buffer[] = [
  tagged(0x82, Buffer.from("localhost")),
  tagged(0x82, Buffer.from("*.localhost")),
  tagged(0x87, Buffer.of(127, 0, 0, 1)),
  tagged(0x87, Buffer.from(`${"00".repeat(15)}01`, "hex")),
];

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

/** Two digits of the year, as long as that does: until 2049. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return tagged(0x17, Buffer.from(digits.slice(2)));
}
