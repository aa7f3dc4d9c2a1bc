import { expect, test } from "vitest";
import { cronProblem } from "./cron.ts";
import { cronWords } from "./cron-words.ts";

test.each([
  ["* * * * *", "Every minute"],
  ["*/1 * * * *", "Every minute"],
  ["*/15 * * * *", "Every 15 minutes"],
  ["5 * * * *", "Every hour at minute 5"],
  ["0 */6 * * *", "Every 6 hours at minute 0, from midnight"],
  ["30 4 * * *", "Every day at 04:30"],
  ["0 9 * * MON", "Every Monday at 09:00"],
  ["0 9 * * 1", "Every Sunday at 09:00"],
  ["0 9 * * mon-fri", "Monday to Friday at 09:00"],
  ["0 0 1 * *", "On the 1st of every month at 00:00"],
  ["0 0 12 * *", "On the 12th of every month at 00:00"],
  ["0 0 23 * *", "On the 23rd of every month at 00:00"],
  ["0 0 L * *", "On the last day of every month at 00:00"],
])("%s: %s", (cron, words) => {
  expect(cronProblem(cron)).toBeUndefined();
  expect(cronWords(cron)).toBe(words);
});

test.each([
  "*/7 * * * *",
  "0 */5 * * *",
  "0 0 1 1 *",
  "0 0 1 * MON",
  "0,30 9 * * *",
  "0 9 * * FRIL",
  "0 9 15W * *",
  "*/5 9 * * *",
])("%s has no description in words", (cron) => {
  expect(cronProblem(cron)).toBeUndefined();
  expect(cronWords(cron)).toBeUndefined();
});
