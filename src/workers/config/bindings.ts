/** What a project's configuration puts into `env`. */
import type { Binding } from "../../ports/catalog/bindings.ts";
import { KINDS } from "../../bindings/kinds.ts";
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
  const others = Object.entries(KINDS).flatMap(([type, { configured }]) =>
    (configured?.(config, script) ?? []).map((named) => ({ type, ...named }) as Binding),
  );
  return [...textBindings(config, secrets, given), ...others];
}

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
