/** The search for names: workflows and scripts by a part of them, instances by how their ids begin. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick, Sleeper } from "../support/workflows.ts";

interface Found {
  readonly workflows: readonly string[];
  readonly scripts: readonly string[];
  readonly instances: readonly { readonly workflow: string; readonly id: string; readonly status: string }[];
}

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick, Sleeper });
});
afterEach(() => api.close());

async function find(text: string): Promise<Found> {
  const response = await api.send("GET", `/api/v1/search?q=${encodeURIComponent(text)}`);
  return ((await response.json()) as { result: Found }).result;
}

test("finds instances of every workflow by how their ids begin", async () => {
  for (const [workflow, id] of [
    ["Quick", "order-1"],
    ["Quick", "order-12"],
    ["Sleeper", "order-13"],
    ["Sleeper", "other"],
  ] as const)
    await api.call("POST", `/workflows/${workflow}/instances`, { instance_id: id });
  await api.reaches({ workflow: "Quick", id: "order-12" }, "complete");
  const { instances } = await find("order-1");
  expect(instances.map(({ workflow, id }) => `${workflow} ${id}`).sort()).toEqual([
    "Quick order-1",
    "Quick order-12",
    "Sleeper order-13",
  ]);
  expect(instances.find(({ id }) => id === "order-12")?.status).toBe("complete");
  expect((await find("rder")).instances).toEqual([]);
});

test("finds workflows and scripts by a part of their names", async () => {
  expect((await find("leep")).workflows).toEqual(["Sleeper"]);
  expect((await find("scri")).scripts).toEqual(["script"]);
  expect(await find("%")).toEqual({ workflows: [], scripts: [], instances: [] });
});

test("finds ten of a kind at the most", async () => {
  for (let i = 0; i < 12; i += 1) await api.call("POST", "/workflows/Sleeper/instances", { instance_id: `many-${i}` });
  expect((await find("many")).instances).toHaveLength(10);
});

test("needs something to look for", async () => {
  for (const query of ["", "?q=", "?q=%20", `?q=${"x".repeat(272)}`])
    expect((await api.send("GET", `/api/v1/search${query}`)).status).toBe(400);
});
