/** What a kind of binding is: all that the rest of the server asks of it. A kind is a folder here, and a line in `kinds.ts`. */
import type { Config } from "@cloudflare/workers-utils";
import type { z } from "zod";
import type { BindingOf, BindingType, BindingTypes } from "../ports/catalog/bindings.ts";
import type { Resource } from "../ports/catalog/resources.ts";

/** A wrangler configuration, as far as kinds read it. */
export type Configuration = Omit<Config, "exports" | "workflows"> & {
  readonly workflows: readonly Config["workflows"][number][];
};

/** The kind whose type is `T`. `script` is the Worker that has the binding. */
export interface Kind<T extends BindingType> {
  /** Reads what an upload says of it besides name and type. */
  readonly upload: (script: string) => z.ZodType<BindingTypes[T]>;
  /** The same for clients that read it, in the words of an upload. Never a secret. */
  readonly show: (binding: BindingOf<T>) => object;
  /** How the table of `stepwell dev` describes it. Never a secret. */
  readonly describe: (binding: BindingOf<T>) => Description;
  /** Those that a configuration asks for. Texts have none: what they are depends on more than the configuration. */
  readonly configured?: (config: Configuration, script: string) => readonly Named<T>[];
  /** What its data is in: that has to be there, or is made with the deployment. */
  readonly resource?: (binding: BindingOf<T>) => BoundResource;
  /** The other Worker that it leads to, if it does. */
  readonly connection?: (binding: BindingOf<T>, script: string) => Connection | undefined;
  /** The binding with its secret texts changed: they are sealed where it is stored, and do not tell versions apart. */
  readonly withSecrets?: (binding: BindingOf<T>, change: (text: string) => string) => BindingOf<T>;
  /** What becomes of it in `env`. */
  readonly provide: (binding: BindingOf<T>, script: string) => Provision;
}

/** A binding without its type. */
export type Named<T extends BindingType> = Omit<BindingOf<T>, "type">;

export interface Description {
  /** Like `KV Namespace`. */
  readonly what: string;
  /** Which one, if that is to be shown. */
  readonly which?: string;
  /** False for one that is only a stand-in. */
  readonly works?: false;
}

export type BoundResource = Pick<Resource, "type" | "id">;

/** Another Worker, and what a binding needs there; undefined when the Worker itself is enough. */
export interface Connection {
  readonly what: string;
  readonly script: string;
  readonly needs?: { readonly workflow: string } | { readonly className: string };
}

/** What becomes of a binding in `env`. What is not a value is made beside user code (`made.ts`), in isolates and threads alike. */
export type Provision =
  | { readonly is: "value"; readonly value: unknown }
  /** Made of data alone. */
  | { readonly is: "made"; readonly of: unknown }
  /** Its methods ask the server, which answers for what `to` names (`answer.ts`). */
  | { readonly is: "client"; readonly to: string }
  /**
   * Made over a stub: an entrypoint that the loader of workerd exports (`executors/workerd/isolate/facades/`), with properties that
   * user code can neither see nor change, and of what user code may see besides.
   */
  | { readonly is: "stub"; readonly facade: string; readonly props: object; readonly of?: unknown };
