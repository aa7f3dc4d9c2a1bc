/** KV namespaces, D1 databases and R2 buckets. */
import type { Resource, Resources } from "../../../ports/catalog/resources.ts";
import type { Queries, Run } from "../connection/queries.ts";

const RESOURCE = "SELECT type, id, name, created_at AS createdAt FROM resources";

/** All of the table. */
export function resourceTable({ one, all, run }: Queries): Resources {
  const by = async (column: "id" | "name", type: string, value: string): Promise<Resource | undefined> =>
    one(`${RESOURCE} WHERE type = ? AND ${column} = ?`, type, value) as Resource | undefined;
  return {
    resource: (type, id) => by("id", type, id),
    resourceNamed: (type, name) => by("name", type, name),
    resources: async (type) => all(`${RESOURCE} WHERE type = ? ORDER BY name`, type) as unknown as Resource[],
    addResource: async (resource) => addResource(run, resource),
    renameResource: async (type, id, name) =>
      run("UPDATE OR IGNORE resources SET name = ? WHERE type = ? AND id = ?", name, type, id),
    removeResource: async (type, id) => run("DELETE FROM resources WHERE type = ? AND id = ?", type, id),
  };
}

/** Adds one unless there is one with its id or name. */
export function addResource(run: Run, { type, id, name, createdAt }: Resource): boolean {
  return run("INSERT INTO resources VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", type, id, name, createdAt);
}
