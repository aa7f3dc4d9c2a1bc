import { expect, test } from "vitest";
import { redactedHeaders, redactedUrl } from "./redact.ts";

const HEX = "0123456789abcdef0123456789ABCDEF";

test.each([
  [`https://shop.test/${HEX}/items?id=${HEX}0`, "https://shop.test/REDACTED/items?id=REDACTED"],
  [`https://shop.test/${HEX.toLowerCase().slice(1)}`, `https://shop.test/${HEX.toLowerCase().slice(1)}`],
  ["https://shop.test/01234567-89ab-cdef-0123-456789abcdef", "https://shop.test/REDACTED"],
  ["https://shop.test/aZ19bYaaaaaaaaaaaaaaa", "https://shop.test/REDACTED"],
  ["https://shop.test/aZ19bYaaaaaaaaaaaaaa", "https://shop.test/aZ19bYaaaaaaaaaaaaaa"],
  ["https://shop.test/a-long-name-without-digits", "https://shop.test/a-long-name-without-digits"],
])("the URL %s is shown as %s", (url, shown) => {
  expect(redactedUrl(url)).toBe(shown);
});

test("headers whose names speak of secrets have no values", () => {
  const headers = new Headers({ Cookie: "a", Authorization: "b", "x-api-key": "c", accept: "text/html", "x-cookies": "d" });
  expect(redactedHeaders(headers)).toEqual({
    cookie: "REDACTED",
    authorization: "REDACTED",
    "x-api-key": "REDACTED",
    accept: "text/html",
    "x-cookies": "d",
  });
});
