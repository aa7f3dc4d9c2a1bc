/** The loader's side of bindings that lead out of an isolate: each is an entrypoint of the loader, bound to what it may reach. */
import type { Facade } from "../../messages.ts";

/** The entrypoints that the loader exports, by class. What is given as `props` stays in the loader. */
export type Entrypoints = Readonly<Record<string, (options: { readonly props: unknown }) => unknown>>;

/** What is put into the `env` of a script that is being loaded. `host` names its isolate. */
export function stubs(
  facades: Readonly<Record<string, Facade>>,
  entrypoints: Entrypoints,
  host: string,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facades).map(([name, { facade, props }]) => [name, entrypoints[facade]?.({ props: { ...props, host } })]),
  );
}
