import { expect, test } from "vitest";
import { cached } from "./cached.ts";

test("what was made is made once, and what failed is tried again", async () => {
  let tries = 0;
  const get = cached(() => ((tries += 1) === 1 ? Promise.reject(new Error("full")) : Promise.resolve(tries)));
  await expect(get()).rejects.toThrow("full");
  expect(await Promise.all([get(), get()])).toEqual([2, 2]);
  expect(await get()).toBe(2);
});
