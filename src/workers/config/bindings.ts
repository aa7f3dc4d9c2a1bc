/** What a project's configuration puts into `env`. */
import type { Binding } from "../../ports/catalog/bindings.ts";
import { unsupportedBindings } from "./unsupported.ts";
import type { WranglerConfig } from "./wrangler.ts";

type Texts = Readonly<Record<string, string>>;

/** What a command line or a test says, which replaces bindings of the same name. */
export interface GivenBindings {
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly secrets?: Texts;
  readonly services?: Texts;
}

/** `secrets` replace variables of the same name, and `given` replaces both. */
export function projectBindings(script: string, config: WranglerConfig, secrets: Texts, given: GivenBindings): Binding[] {
  const { services = {} } = given;
  const own = ownBindings(script, config, secrets, given).filter(({ name }) => !Object.hasOwn(services, name));
  return [...own, ...Object.entries(services).map(([name, service]): Binding => ({ type: "service", name, service }))];
}

function ownBindings(script: string, config: WranglerConfig, secrets: Texts, given: GivenBindings): Binding[] {
  return [
    ...textBindings(config, secrets, given),
    ...storageBindings(config),
    ...(config.queues.producers ?? []).map(({ binding, queue }): Binding => ({ type: "queue", name: binding, queue })),
    ...workerBindings(script, config),
    ...config.workflows.map(({ binding, name, class_name: className, script_name: owner }): Binding => ({
      type: "workflow",
      name: binding,
      workflow: name,
      className,
      ...(owner !== undefined && owner !== script && { script: owner }),
    })),
    ...(config.version_metadata === undefined
      ? []
      : [{ type: "version_metadata", name: config.version_metadata.binding, metadata: NO_VERSION_YET } as const]),
    ...unsupportedBindings(config),
  ];
}

/** The publisher replaces it. */
const NO_VERSION_YET = { id: "", tag: "", timestamp: "" };

function textBindings({ vars }: WranglerConfig, local: Texts, { vars: given = {}, secrets = {} }: GivenBindings): Binding[] {
  const isVariable = (name: string): boolean =>
    !Object.hasOwn(secrets, name) && (Object.hasOwn(given, name) || !Object.hasOwn(local, name));
  const variables = Object.entries({ ...vars, ...given }).filter(([name]) => isVariable(name));
  const hidden = Object.entries({ ...local, ...secrets }).filter(
    ([name]) => Object.hasOwn(secrets, name) || !Object.hasOwn(given, name),
  );
  return [
    ...variables.map(([name, value]): Binding =>
      typeof value === "string" ? { type: "plain_text", name, text: value } : { type: "json", name, json: value },
    ),
    ...hidden.map(([name, text]): Binding => ({ type: "secret_text", name, text })),
  ];
}

/** Without ids, bindings stand for what they lead to. */
function storageBindings({ kv_namespaces: kv, d1_databases: d1, r2_buckets: r2 }: WranglerConfig): Binding[] {
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

function workerBindings(script: string, { services = [], durable_objects: objects, assets }: WranglerConfig): Binding[] {
  return [
    ...(assets?.binding === undefined ? [] : [{ type: "assets", name: assets.binding } as const]),
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
