/** The loader's side of bindings that lead out of an isolate: each is an entrypoint of the loader, bound to what it may reach. */
import type { Facade } from "../../messages.ts";

/** The entrypoints that the loader exports, by class. What is given as `props` stays in the loader. */
export type Entrypoints = Readonly<Record<string, (options: { readonly props: unknown }) => unknown>>;

/** What is put into the `env` of a script that is being loaded. */
export function stubs(facades: Readonly<Record<string, Facade>>, entrypoints: Entrypoints): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facades).map(([name, facade]) => [name, stub(facade, entrypoints)]));
}

function stub(facade: Facade, { StorageFacade }: Entrypoints): unknown {
  switch (facade.type) {
    case "kv_namespace":
      return StorageFacade?.({ props: { type: "kv", id: facade.id } });
    case "d1":
      return StorageFacade?.({ props: { type: "d1", id: facade.id } });
    case "r2_bucket":
      return StorageFacade?.({ props: { type: "r2", id: facade.id } });
  }
}
