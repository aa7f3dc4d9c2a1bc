/** The file that emails are kept in. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LIMITS } from "../../../model/limits.ts";
import type { KeptEmail } from "../../../ports/logs/emails.ts";
import { sqliteEmails } from "./emails.ts";

const folder = mkdtempSync(join(tmpdir(), "stepwell-emails-"));
afterAll(() => rmSync(folder, { recursive: true }));

const emailAt = (at: number): KeptEmail => ({
  messageId: `<${at}@example.com>`,
  at,
  script: "shop",
  from: "shop@example.com",
  to: ["ada@example.com"],
  subject: "Hi",
  text: "t",
  html: null,
  raw: null,
  error: null,
});

test("the file is made with the first email, and read again", async () => {
  const file = join(folder, "emails.db");
  const store = sqliteEmails(file);
  expect(await store.list(10)).toEqual([]);
  expect(existsSync(file)).toBe(false);
  await store.add(emailAt(1));
  await store.add(emailAt(2));
  await store.close();
  const again = sqliteEmails(file);
  expect(await again.list(10)).toEqual([emailAt(2), emailAt(1)]);
  await again.close();
});

test("the newest stay", async () => {
  const store = sqliteEmails(":memory:");
  for (let at = 1; at <= LIMITS.emailsKept + 3; at += 1) await store.add(emailAt(at));
  const kept = await store.list(2 * LIMITS.emailsKept);
  expect([kept.length, kept.at(0)?.at, kept.at(-1)?.at]).toEqual([LIMITS.emailsKept, LIMITS.emailsKept + 3, 4]);
  await store.close();
});
