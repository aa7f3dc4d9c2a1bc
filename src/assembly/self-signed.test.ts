import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { selfSigned } from "./self-signed.ts";
import { systemClock } from "../system/clock.ts";
import { systemIds } from "../system/ids.ts";

const machine = { clock: systemClock, ids: systemIds };

test("it is for this machine, signed by its own key, and kept for its user alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const made = await selfSigned(folder, machine);
  const certificate = new X509Certificate(made.cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
  expect(certificate.checkHost("localhost")).toBeDefined();
  expect(certificate.subjectAltName).toContain("DNS:*.localhost");
  for (const address of ["127.0.0.1", "::1"]) expect(certificate.checkIP(address)).toBeDefined();
  expect(certificate.checkHost("example.com")).toBeUndefined();
  expect(certificate.validFromDate < new Date() && certificate.validToDate > new Date()).toBe(true);
  expect((await stat(join(folder, "https.pem"))).mode & 0o777).toBe(0o600);
  expect(await selfSigned(folder, machine)).toEqual(made);
  await writeFile(join(folder, "https.pem"), "");
  expect(await selfSigned(folder, machine)).not.toEqual(made);
});
