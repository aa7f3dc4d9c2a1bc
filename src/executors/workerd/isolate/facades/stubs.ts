/** The loader's side of bindings that lead out of an isolate: each is an entrypoint of the loader, bound to what it may reach. */
import type { Facade } from "../../messages.ts";

/** The entrypoints that the loader exports, by class. What is given as `props` stays in the loader. */
export type Entrypoints = Readonly<Record<string, (options: { readonly props: unknown }) => unknown>>;

/** What is put into the `env` of a script that is being loaded. */
export function stubs(
  facades: Readonly<Record<string, Facade>>,
  entrypoints: Entrypoints,
  host: string,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facades).map(([name, facade]) => [name, stub(facade, entrypoints, host)]));
}

function stub(facade: Facade, { StorageFacade, ServiceFacade, ObjectsFacade, AssetsFacade }: Entrypoints, host: string): unknown {
  switch (facade.type) {
    case "kv_namespace":
      return StorageFacade?.({ props: { type: "kv", id: facade.id } });
    case "d1":
      return StorageFacade?.({ props: { type: "d1", id: facade.id } });
    case "r2_bucket":
      return StorageFacade?.({ props: { type: "r2", id: facade.id } });
    case "assets":
      return AssetsFacade?.({ props: { host } });
    case "durable_object_namespace":
      return ObjectsFacade?.({ props: { script: facade.script, className: facade.className } });
    case "service":
      return ServiceFacade?.({ props: { script: facade.script, entrypoint: facade.entrypoint } });
  }
}
