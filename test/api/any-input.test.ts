/** Whatever is sent, the answer is an envelope, and the server is never at fault. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENDPOINTS } from "../../src/api/rest.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

let api: ApiBench;

beforeAll(async () => {
  api = await openApi({ Quick, Sleeper });
  await api.call("POST", "/workflows/Sleeper/instances", { instance_id: "s" });
});
afterAll(() => api.close());

const word = fc.oneof(
  fc.constantFrom(
    "Quick",
    "Sleeper",
    "s",
    "local",
    "batch",
    "terminate",
    "settings",
    "latest",
    "..",
    "%00",
    "%zz",
    "a%2Fb",
    "*%20*",
    "nap-1",
  ),
  fc.string({ maxLength: 12 }).map(encodeURIComponent),
);

const path = fc.oneof(
  fc.tuple(fc.constantFrom(...ENDPOINTS), fc.array(word, { minLength: 5, maxLength: 5 })).map(([{ path: pattern }, words]) => {
    let at = 0;
    return pattern.replace("{account_id}", "local").replace(/\{\w+\}/g, () => words[(at += 1)] ?? "x");
  }),
  fc.array(word, { maxLength: 7 }).map((words) => `/accounts/local/workflows/${words.join("/")}`),
);

const parameter = fc.tuple(
  fc.constantFrom(
    "page",
    "per_page",
    "cursor",
    "status",
    "name",
    "type",
    "attempt",
    "order",
    "simple",
    "direction",
    "date_start",
    "filter",
  ),
  fc.oneof(
    fc.constantFrom("1", "asc", "desc", "step", "waiting", "true", "nap-1", "-1", "1e9", "WzEsMl0"),
    fc.string({ maxLength: 8 }),
  ),
);

const query = fc.array(parameter, { maxLength: 4 }).map((pairs) => new URLSearchParams(pairs).toString());

const body = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    '{"status":"pause"}',
    '{"status":"restart"}',
    '{"instances":["s"]}',
    '{"params":{"__proto__":1}}',
    "[{}]",
    '{"class_name":"Quick","script_name":"script"}',
  ),
);

test("any request is answered with an envelope that agrees with its status, and never with 500", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
      path,
      query,
      body,
      async (method, where, what, text) => {
        const hasBody = method !== "GET" && method !== "HEAD";
        const response = await api.send(method, `/client/v4${where}?${what}`, hasBody ? text : undefined);
        expect(response.status).not.toBe(500);
        if (method === "HEAD") return;
        const answer = (await response.json()) as { success: boolean; errors: { code: number; message: string }[] };
        expect(answer.success).toBe(response.status === 200);
        if (!answer.success)
          expect(answer.errors[0]).toMatchObject({ code: expect.any(Number) as number, message: expect.any(String) as string });
      },
    ),
    { numRuns: 1_500 },
  );
}, 60_000);

test("the description of the API names every route", async () => {
  const { paths, openapi } = (await (await api.send("GET", "/client/v4/openapi.json")).json()) as {
    openapi: string;
    paths: Record<string, Record<string, unknown>>;
  };
  expect(openapi).toBe("3.1.0");
  for (const { method, path: route } of ENDPOINTS) expect(paths[route]).toHaveProperty(method);
});
