/** Scripts that are bound to one another, as the deploy API takes them: what is bound has to be there, and stays. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDeploying, uploadOf, type Answer, type Deploying } from "../support/deploying.ts";

const CODE = "export default { fetch: () => new Response() };";

/** How long code takes to load. */
let loading: Promise<void>;

let api: Deploying;
beforeEach(async () => {
  loading = Promise.resolve();
  // Which executor can have such bindings is another matter.
  api = await openDeploying({ load: () => loading });
});
afterEach(() => api.close());

const put = (script: string, bindings: readonly object[] = []): Promise<Answer> =>
  api.call("PUT", script, uploadOf(CODE, { bindings }));

const toCallee = { type: "service", name: "API", service: "callee", entrypoint: "Api" };

test("a binding to a script that is not there is refused, and nothing is stored", async () => {
  const refused = await put("caller", [toCallee]);
  expect(refused).toMatchObject({ status: 400, errors: [{ code: 10143 }] });
  expect(refused.errors[0]?.message).toContain("Target script 'callee' not found");
  expect(await api.catalog.scriptVersions("caller", 0, 9)).toMatchObject({ total: 0 });
});

test("a script may be bound to itself from the beginning", async () => {
  expect(await put("callee", [toCallee])).toMatchObject({ status: 200 });
  expect(await api.call("DELETE", "../services/callee?force=false")).toMatchObject({ status: 200 });
});

test("references name who is bound, and such a script is deleted by force only", async () => {
  await put("callee");
  await put("caller", [toCallee]);
  expect((await api.call("GET", "callee/references")).result).toMatchObject({
    services: { incoming: [{ service: "caller", name: "API" }], outgoing: [] },
  });
  expect((await api.call("GET", "caller/references")).result).toMatchObject({
    services: { incoming: [], outgoing: [{ service: "callee", name: "API" }] },
  });
  const shown = await api.call("GET", "caller/settings");
  expect(shown.result["bindings"]).toEqual([{ ...toCallee, environment: "production" }]);
  expect(await api.call("DELETE", "../services/callee?force=false")).toMatchObject({ status: 409, errors: [{ code: 10987 }] });
  expect(await api.call("DELETE", "callee")).toMatchObject({ status: 409 });
  expect(await api.call("DELETE", "../services/callee?force=true")).toMatchObject({ status: 200 });
});

test("a script that dropped its binding is no reference", async () => {
  await put("callee");
  await put("caller", [toCallee]);
  await put("caller");
  expect(await api.call("DELETE", "callee")).toMatchObject({ status: 200 });
});

test("while a script is loaded others are deployed and deleted, and what it is bound to is looked for again", async () => {
  await put("callee");
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = api.loads();
  loading = promise;
  const slow = put("caller", [toCallee]);
  await vi.waitUntil(() => api.loads() > before);
  loading = Promise.resolve();
  expect(await put("other")).toMatchObject({ status: 200 });
  expect(await api.call("DELETE", "callee")).toMatchObject({ status: 200 });
  resolve();
  expect(await slow).toMatchObject({ status: 400, errors: [{ code: 10143 }] });
  expect(await api.catalog.activeScript("caller")).toBeUndefined();
});
