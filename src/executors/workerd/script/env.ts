/** What a script's bindings are on the way into its isolate: stubs for the loader to make, and objects for the isolate. */
import type { Provided } from "../../../bindings/made.ts";
import type { Provisions } from "../../../bindings/provisions.ts";
import type { Facade } from "../messages.ts";

/** The stubs, by the names of the bindings. */
export function facadesOf(provisions: Provisions): Record<string, Facade> {
  return Object.fromEntries(
    Object.entries(provisions).flatMap(([name, each]) =>
      each.is === "stub" ? [[name, { facade: each.facade, props: each.props }]] : [],
    ),
  );
}

/** What is no value. Of stubs it is not said what they lead to: user code can read this. */
export function objectsOf(provisions: Provisions): Record<string, Provided> {
  return Object.fromEntries(
    Object.entries(provisions).flatMap(([name, each]): [string, Provided][] => {
      if (each.is === "value") return [];
      return [[name, each.is === "stub" ? { type: each.type, is: each.is, of: each.of } : each]];
    }),
  );
}
