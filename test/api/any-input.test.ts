/** Whatever is sent, the answer is an envelope, and the server is never at fault. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normalPath } from "../../src/api/endpoint/path.ts";
import { ENDPOINTS } from "../../src/api/cloudflare/rest.ts";
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
    '["\\ud800"]',
    '{"title":"\\udc00","name":"\\udc00","label":"\\udc00"}',
    '{"body":"\\ud800","content_type":"text"}',
    "[".repeat(50_000) + "]".repeat(50_000),
    "[{}]",
    '{"class_name":"Quick","script_name":"script"}',
  ),
);

test.each([
  ["REST", "/client/v4/", "accounts/local/"],
  ["wrangler's local API", "/cdn-cgi/local/explorer/api/", ""],
])(
  "%s answers any request with an envelope that agrees with its status, and is never at fault",
  async (_, root, account) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
        path,
        query,
        body,
        fc.constantFrom(undefined, "multipart/form-data", "multipart/form-data; boundary=x", "text/plain"),
        async (method, where, what, text, type) => {
          const hasBody = method !== "GET" && method !== "HEAD";
          const full = `${root}${where.slice(1).replace(/^accounts\/local\/?/, account)}`;
          const response = await api.send(
            method,
            `${full}?${what}`,
            hasBody ? text : undefined,
            type === undefined ? {} : { "content-type": type },
          );
          expect(response.status).toBeLessThan(500);
          // Dots may lead out of the API, or to its root, which is its description.
          const { href } = new URL(full, "http://localhost");
          if (method === "HEAD" || !normalPath(href).startsWith(root)) return;
          const answer = (await response.json()) as { success: boolean; errors: { code: number; message: string }[] };
          expect(answer.success).toBe(response.status === 200);
          if (!answer.success)
            expect(answer.errors[0]).toMatchObject({ code: expect.any(Number) as number, message: expect.any(String) as string });
        },
      ),
      { numRuns: 1_500 },
    );
  },
  60_000,
);

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, { readonly schema: object }> }
  >;
}

test("the description of the API names every route, with its parameters, its body and its answers", async () => {
  const text = await (await api.send("GET", "/client/v4/openapi.json")).text();
  const { paths, openapi, info } = JSON.parse(text) as {
    openapi: string;
    info: object;
    paths: Record<string, Record<string, Operation>>;
  };
  expect(openapi).toBe("3.1.0");
  expect(info).toEqual({ title: expect.any(String) as string, version: expect.any(String) as string });
  // It is complete in itself.
  expect(text).not.toContain('"$ref"');
  const described = Object.entries(paths).flatMap(([route, operations]) =>
    Object.keys(operations).map((method) => `${method} ${route}`),
  );
  expect(described.toSorted()).toEqual(ENDPOINTS.map((each) => `${each.method} ${each.path}`).toSorted());
  for (const { method, path: route, body: takes } of ENDPOINTS) {
    const operation = paths[route]?.[method];
    const named = operation?.parameters?.filter((each) => each.in === "path" && each.required === true).map(({ name }) => name);
    expect(named ?? []).toEqual(Array.from(route.matchAll(/\{(\w+)\}/g), ([, name]) => name));
    expect(operation?.requestBody !== undefined).toBe(takes !== undefined);
    expect(operation?.responses).toMatchObject({
      "200": { description: expect.any(String) as string, content: { "application/json": { schema: { type: "object" } } } },
      "4XX": { content: { "application/json": { schema: { type: "object" } } } },
    });
  }
});
