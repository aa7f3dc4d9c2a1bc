/** KV namespaces, D1 databases and R2 buckets in a project's configuration. Without ids, bindings stand for what they lead to. */
import { z } from "zod";
import type { Binding } from "../ports/catalog.ts";
import type { Resource, Resources } from "../ports/resources.ts";

/** These parts of a configuration. */
export interface StorageConfig {
  readonly kv_namespaces: readonly { readonly binding: string; readonly id?: string | undefined }[];
  readonly d1_databases: readonly {
    readonly binding: string;
    readonly database_id?: string | undefined;
    readonly database_name?: string | undefined;
  }[];
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name?: string | undefined }[];
}

const name = z.string().min(1);

/** Their schemas. */
export const storageConfig: { readonly [K in keyof StorageConfig]: z.ZodType<StorageConfig[K]> } = {
  kv_namespaces: z.array(z.object({ binding: name, id: name.optional() })).default([]),
  d1_databases: z.array(z.object({ binding: name, database_id: name.optional(), database_name: name.optional() })).default([]),
  r2_buckets: z.array(z.object({ binding: name, bucket_name: name.optional() })).default([]),
};

/** The bindings by name, and where each is written. */
export function storageNames(config: StorageConfig): { readonly binding: string; readonly where: string }[] {
  return (["kv_namespaces", "d1_databases", "r2_buckets"] as const).flatMap((key) =>
    config[key].map(({ binding }, i) => ({ binding, where: `${key}[${i}]` })),
  );
}

/** What the script finds in `env`. */
export function storageBindings({ kv_namespaces: kv, d1_databases: d1, r2_buckets: r2 }: StorageConfig): Binding[] {
  return [
    ...kv.map(({ binding, id = binding }): Binding => ({ type: "kv_namespace", name: binding, id })),
    ...d1.map(({ binding, database_id: id, database_name: called }): Binding => ({
      type: "d1",
      name: binding,
      id: id ?? called ?? binding,
    })),
    ...r2.map(({ binding, bucket_name: bucket = binding }): Binding => ({ type: "r2_bucket", name: binding, bucket })),
  ];
}

/** Makes what the configuration speaks of and is not there yet. */
export async function makeResources(resources: Resources, config: StorageConfig, now: number): Promise<void> {
  const d1Names = new Map(config.d1_databases.map(({ binding, database_name: called = binding }) => [binding, called]));
  for (const binding of storageBindings(config)) {
    const resource = resourceOf(binding, d1Names, now);
    if (resource !== undefined) await resources.addResource(resource);
  }
}

function resourceOf(binding: Binding, d1Names: ReadonlyMap<string, string>, createdAt: number): Resource | undefined {
  switch (binding.type) {
    case "kv_namespace":
      return { type: "kv", id: binding.id, name: binding.id, createdAt };
    case "d1":
      return { type: "d1", id: binding.id, name: d1Names.get(binding.name) ?? binding.id, createdAt };
    case "r2_bucket":
      return { type: "r2", id: binding.bucket, name: binding.bucket, createdAt };
    default:
      return undefined;
  }
}
