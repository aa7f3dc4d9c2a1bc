/** The databases that a server is started with. Connection strings are secrets: no message has a part of one. */
import { UsageError } from "../assembly/explain.ts";
import { hyperdriveKey, type HyperdriveStrings } from "../bindings/hyperdrive/configured.ts";
import { readConnectionString } from "../bindings/hyperdrive/connection-string.ts";

const VARIABLE = "STEPWELL_HYPERDRIVE_";

/** Those of the options `ID=postgres://…`, and of the environment. Throws a `UsageError`. */
export function hyperdriveStrings(
  given: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): HyperdriveStrings {
  const variables = Object.entries(environment).flatMap(([name, text = ""]) =>
    name.startsWith(VARIABLE) ? [[name.slice(VARIABLE.length), checked(name, text)]] : [],
  );
  const options = given.map((option) => {
    const [, id, text = ""] = /^([\w-]+)=(.*)$/s.exec(option) ?? [];
    if (id === undefined) throw new UsageError("--hyperdrive takes ID=postgres://user:password@host:5432/database");
    return [id, checked(`--hyperdrive ${id}`, text)];
  });
  return Object.fromEntries([...variables, ...options].map(([id = "", text = ""]) => [hyperdriveKey(id), text]));
}

function checked(source: string, text: string): string {
  const address = readConnectionString(text);
  if ("problem" in address) throw new UsageError(`The connection string of ${source} cannot be used: ${address.problem}`);
  return text;
}
