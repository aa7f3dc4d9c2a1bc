/** Checks the bindings between the Workers of a session. */
import type { Binding } from "../../ports/catalog/bindings.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import type { Connection } from "../../bindings/kind.ts";
import { kindOf } from "../../bindings/kinds.ts";

/** A binding that leads to another Worker. */
interface NamedConnection extends Connection {
  readonly name: string;
}

/** Those among the bindings of a Worker. */
export function connectionsOf(own: string, bindings: readonly Binding[]): NamedConnection[] {
  return bindings.flatMap((binding) => {
    const connection = kindOf(binding).connection?.(binding, own);
    return connection === undefined ? [] : [{ name: binding.name, ...connection }];
  });
}

/** What there is to say of a binding. */
export interface Trouble {
  readonly text: string;
  /** Whether using it fails; otherwise it works, but otherwise than the sources say. */
  readonly isBroken: boolean;
}

/** Why a binding will not work, or works otherwise than the sources say; undefined when there is nothing to say. */
export async function trouble(
  catalog: Catalog,
  { name, what, script, needs }: NamedConnection,
  session: ReadonlySet<string>,
): Promise<Trouble | undefined> {
  const binding = `${name} (${what} of "${script}")`;
  const fails = (why: string): Trouble => ({ text: `${binding}: ${why}`, isBroken: true });
  if ((await catalog.activeScript(script)) === undefined)
    return fails(`the Worker "${script}" is not in this session; using the binding fails. Start both: ${START}`);
  const lacks = await lacking(catalog, script, needs);
  if (lacks !== undefined) return fails(`the Worker "${script}" has no ${lacks}; using the binding fails`);
  if (session.has(script)) return undefined;
  const text = `${binding}: "${script}" is not in this session; its last deployment is used. Start both: ${START}`;
  return { text, isBroken: false };
}

const START = "stepwell dev -c wrangler.jsonc -c ../other/wrangler.jsonc";

async function lacking(catalog: Catalog, script: string, needs: Connection["needs"]): Promise<string | undefined> {
  if (needs === undefined) return undefined;
  if ("workflow" in needs) {
    const found = await catalog.workflow(needs.workflow);
    return found?.script === script ? undefined : `workflow "${needs.workflow}"`;
  }
  const { namespaces } = await catalog.objectClasses(script);
  return Object.hasOwn(namespaces, needs.className) ? undefined : `Durable Object class ${needs.className}`;
}
