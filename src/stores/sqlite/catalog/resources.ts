/** KV namespaces, D1 databases and R2 buckets. */
import type { Resource, Resources } from "../../../ports/catalog/resources.ts";
import type { Queries } from "../connection/queries.ts";

const RESOURCE = "SELECT type, id, name, created_at AS createdAt FROM resources";

/** All of the table. */
export function resourceTable({ one, all, run }: Queries): Resources {
  const by = async (column: "id" | "name", type: string, value: string): Promise<Resource | undefined> =>
    one(`${RESOURCE} WHERE type = ? AND ${column} = ?`, type, value) as Resource | undefined;
  return {
    resource: (type, id) => by("id", type, id),
    resourceNamed: (type, name) => by("name", type, name),
    resources: async (type) => all(`${RESOURCE} WHERE type = ? ORDER BY name`, type) as unknown as Resource[],
    addResource: async ({ type, id, name, createdAt }) =>
      run("INSERT INTO resources VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", type, id, name, createdAt),
    renameResource: async (type, id, name) =>
      run("UPDATE OR IGNORE resources SET name = ? WHERE type = ? AND id = ?", name, type, id),
    removeResource: async (type, id) => run("DELETE FROM resources WHERE type = ? AND id = ?", type, id),
  };
}
