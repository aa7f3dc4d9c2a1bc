/** What a project's configuration says of other Workers, Durable Objects and static assets, in wrangler's words. */
import { z } from "zod";
import type { Migrations, MigrationStep } from "../model/objects.ts";
import type { Binding, ScriptAssets } from "../ports/catalog.ts";
import { assetsHandling, withoutUndefined } from "./assets-config.ts";
import { migrationStep } from "./objects.ts";

/** That part of a configuration. */
export interface ServicesConfig {
  readonly services: readonly { readonly binding: string; readonly service: string; readonly entrypoint?: string | undefined }[];
  readonly durable_objects: {
    readonly bindings: readonly {
      readonly name: string;
      readonly class_name: string;
      readonly script_name?: string | undefined;
    }[];
  };
  readonly migrations: readonly (MigrationStep & { readonly tag: string })[];
  /** Static assets: where they are, and how they are served. */
  readonly assets: ScriptAssets["config"] & { readonly directory?: string; readonly binding?: string };
}

const name = z.string().min(1);

/** As `ServicesConfig`. */
export const servicesConfig: { readonly [Key in keyof ServicesConfig]: z.ZodType<ServicesConfig[Key]> } = {
  services: z.array(z.object({ binding: name, service: name, entrypoint: name.optional() })).default([]),
  durable_objects: z
    .object({ bindings: z.array(z.object({ name, class_name: name, script_name: name.optional() })).default([]) })
    .default({ bindings: [] }),
  migrations: z.array(z.object({ tag: z.string() }).and(migrationStep)).default([]),
  assets: z
    .object({ directory: name.optional(), binding: name.optional(), ...assetsHandling })
    .default({})
    .transform(withoutUndefined),
};

/** The bindings that it asks for. */
export function servicesBindings(script: string, { services, durable_objects: objects, assets }: ServicesConfig): Binding[] {
  return [
    ...(assets.binding === undefined ? [] : [{ type: "assets", name: assets.binding } as const]),
    ...services.map(({ binding, service, entrypoint }): Binding => ({
      type: "service",
      name: binding,
      service,
      ...(entrypoint !== undefined && { entrypoint }),
    })),
    ...objects.bindings.map(({ name: bound, class_name: className, script_name: owner = script }): Binding => ({
      type: "durable_object_namespace",
      name: bound,
      className,
      ...(owner !== script && { script: owner }),
    })),
  ];
}

/** The migrations that come after a tag, as wrangler picks them: all of them when it is not there. */
export function migrationsAfter(
  tag: string | undefined,
  { migrations }: Pick<ServicesConfig, "migrations">,
): Migrations | undefined {
  const pending = migrations.slice(migrations.findIndex((each) => each.tag === tag) + 1);
  const last = pending.at(-1);
  return last && { old_tag: tag, new_tag: last.tag, steps: pending };
}
