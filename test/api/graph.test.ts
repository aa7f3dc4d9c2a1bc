/** The graph of a version over REST, from a deployment to the answer. */
import { resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { shownGraph } from "../../src/workers/graph/nodes.ts";
import { bundle } from "../../src/workers/build/bundle.ts";
import { readProject } from "../../src/workers/config/project.ts";
import { deploy } from "../../src/workers/deploy/deploy.ts";
import { openApi, type ApiBench } from "../support/api.ts";
import { Quick } from "../support/workflows.ts";

let api: ApiBench;

beforeEach(async () => {
  api = await openApi({ Quick });
});
afterEach(() => api.close());

interface Version {
  readonly id: string;
  readonly has_dag: boolean;
}

const ORDERS = resolve(import.meta.dirname, "../../examples/orders");

async function deployOrders(): Promise<Version> {
  const config = await readProject(ORDERS);
  await deploy(api.publisher, config, config.build && (await bundle(config.build)));
  const [newest] = (await api.call("GET", "/workflows/orders/versions")).result as Version[];
  if (newest === undefined) throw new Error("There is no version");
  return newest;
}

test("a deployed version has a graph, under both names", async () => {
  const { id, has_dag: hasDag } = await deployOrders();
  expect(hasDag).toBe(true);
  const { result } = await api.call("GET", `/workflows/orders/versions/${id}/graph`);
  const { graph, ...fields } = result as { graph: { workflow: { nodes: { type: string; name: string }[] } } };
  expect(Object.keys(fields)).toEqual(["id", "workflow_id", "class_name", "created_on", "modified_on"]);
  expect(graph).toMatchObject({ version: 1, workflow: { class_name: "OrderWorkflow", functions: {} } });
  expect(graph.workflow.nodes.map(({ type, name }) => [type, name])).toEqual([
    ["step_do", "reserve stock"],
    ["step_do", "charge card"],
    ["step_sleep", "cool off"],
    ["step_wait_for_event", "await approval"],
    ["step_do", "build manifest"],
    ["step_do", "ship"],
  ]);
  expect((await api.call("GET", `/workflows/orders/versions/${id}/dag`)).result).toEqual({ ...fields, dag: graph });
  expect((await api.call("GET", `/workflows/orders/versions/${id}`)).result).toMatchObject({ has_dag: true });
});

test("classes that are registered in process have no code to draw", async () => {
  const path = "/workflows/Quick/versions/Quick-v1";
  expect((await api.call("GET", path)).result).toMatchObject({ has_dag: false });
  expect((await api.call("GET", `${path}/graph`)).result).toMatchObject({ id: "Quick-v1", graph: null });
  expect((await api.call("GET", `${path}/dag`)).result).toMatchObject({ id: "Quick-v1", dag: null });
});

test.each(["graph", "dag"])("/%s of a version that is not there, or another workflow's, is refused", async (kind) => {
  const { id } = await deployOrders();
  for (const version of ["nothing", id])
    expect(await api.call("GET", `/workflows/Quick/versions/${version}/${kind}`)).toMatchObject({
      status: 404,
      errors: [{ code: 10300 }],
    });
  expect(await api.call("GET", `/workflows/Missing/versions/${id}/${kind}`)).toMatchObject({
    status: 404,
    errors: [{ code: 10200 }],
  });
});

test("the description of the API can be written out", async () => {
  const description = (await (await api.send("GET", "/client/v4/openapi.json")).json()) as { paths: object };
  expect(Object.keys(description.paths)).toContain(
    "/accounts/{account_id}/workflows/{workflow_name}/versions/{version_id}/graph",
  );
});

test("the schema looks into nodes, however deep", () => {
  const graph = (inner: object): object => ({
    version: 1,
    workflow: { class_name: "A", functions: {}, nodes: [{ type: "loop", nodes: [{ type: "block", nodes: [inner] }] }] },
  });
  expect(shownGraph.safeParse(graph({ type: "break", kind: "return" })).success).toBe(true);
  expect(shownGraph.safeParse(graph({ type: "break", kind: "continue" })).success).toBe(false);
});
