/** What a script finds in its `env` and in `process.env`. */
import { made, type Surroundings } from "../../bindings/made.ts";
import type { Provisions } from "../../bindings/provisions.ts";

/** What `env` holds. */
export function envOf(provisions: Provisions, call: Surroundings["call"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(provisions).map(([name, each]) => [name, made(name, each, { call })]));
}

/** What `process.env` holds: the texts, as on Cloudflare under `nodejs_compat`, and nothing of the server's own. */
export function processEnvOf(provisions: Provisions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(provisions).flatMap(([name, each]) =>
      each.is === "value" && (each.type === "plain_text" || each.type === "secret_text") ? [[name, String(each.value)]] : [],
    ),
  );
}
