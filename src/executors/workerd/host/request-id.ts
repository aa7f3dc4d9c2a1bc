/** The id of a request on its way from the loader to the handler of a script, which does not see it: among the properties of its context. */

/** What carries it. */
interface Carrier {
  readonly props: unknown;
}

const NAME = "stepwellRequest";

/** The properties of a request that is to be known by this id. */
export function withRequestId(id: string): Readonly<Record<string, string>> {
  return { [NAME]: id };
}

/** The id, taken out of the properties; undefined when the caller has given none. */
export function takeRequestId(context: Carrier): string | undefined {
  const { props } = context;
  if (typeof props !== "object" || props === null || !Object.hasOwn(props, NAME)) return undefined;
  const { [NAME]: id, ...others } = props as Readonly<Record<string, unknown>>;
  Object.defineProperty(context, "props", { value: others, configurable: true });
  return typeof id === "string" ? id : undefined;
}
