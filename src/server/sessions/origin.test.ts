/** URLs in headers follow the origin that a Worker is shown. */
import { expect, test } from "vitest";
import { atOrigin, movedHeaders } from "./origin.ts";

const LOCAL = new URL("http://localhost:8787/a//b?c=d");

test.each([
  [{}, "http://localhost:8787/a//b?c=d"],
  [{ protocol: "https" }, "https://localhost:8787/a//b?c=d"],
  [{ protocol: "http", host: "shop.example.com" }, "http://shop.example.com/a//b?c=d"],
  [{ protocol: "https", host: "shop.example.com:8443" }, "https://shop.example.com:8443/a//b?c=d"],
] as const)("a URL at %j is %s", (origin, href) => {
  expect(atOrigin(LOCAL, origin).href).toBe(href);
  expect(LOCAL.host).toBe("localhost:8787");
});

const SHOP = new URL("https://shop.example.com/");

test.each([
  ["origin", "http://localhost:8787", "https://shop.example.com"],
  ["referer", "http://localhost:8787/page?a=http://localhost:8787/", "https://shop.example.com/page?a=https://shop.example.com/"],
  ["link", "<http://localhost:8787/a>, <http://localhost:3000/b>", "<https://shop.example.com/a>, <http://localhost:3000/b>"],
  ["x-host", "localhost:8787", "localhost:8787"],
  ["x-other", "http://localhost:87870/", "http://localhost:87870/"],
])("the header %s is moved there and back: %s", (name, local, seen) => {
  expect(movedHeaders(new Headers({ [name]: local }), LOCAL, SHOP).get(name)).toBe(seen);
  expect(movedHeaders(new Headers({ [name]: seen }), SHOP, LOCAL).get(name)).toBe(local);
});

test("cookies of the host that is shown become those of the local one; each stays a header of its own", () => {
  const cookies = [
    "a=1; Domain=shop.example.com; Path=/",
    "b=2; domain=.shop.example.com",
    "c=3; Domain=example.com",
    "d=4; Path=/",
  ];
  const headers = new Headers(cookies.map((cookie): [string, string] => ["set-cookie", cookie]));
  expect(movedHeaders(headers, SHOP, LOCAL).getSetCookie()).toEqual([
    "a=1; Domain=localhost; Path=/",
    "b=2; domain=localhost",
    "c=3; Domain=example.com",
    "d=4; Path=/",
  ]);
});
