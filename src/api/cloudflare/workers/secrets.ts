/** The secrets of a script. Changing one creates and deploys a version; values are never returned. */
import { z } from "zod";
import { changeSecrets } from "../../../workers/deploy/change-secrets.ts";
import type { SecretChanges } from "../../../workers/versions/revise.ts";
import { activeVersion } from "../../../workers/versions/scripts.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { Principal } from "../../../model/platform/roles.ts";
import { signed } from "./author.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { SCRIPT } from "./shown.ts";

const secret = z.object({ name: z.string().min(1), text: z.string(), type: z.literal("secret_text") });

const shown = z.object({ name: z.string(), type: z.literal("secret_text") });

const SECRETS = `${SCRIPT}/secrets` as const;

async function change({ publisher }: Api, script: string, changes: SecretChanges, asker: Principal): Promise<void> {
  const annotations = signed({ "workers/triggered_by": "secret" }, asker);
  await changeSecrets(publisher, { script, changes, annotations, isDeployed: true });
}

async function secretsOf(api: Api, script: string): Promise<z.output<typeof shown>[]> {
  const { bindings } = await activeVersion(api.catalog, script);
  return bindings.flatMap(({ name, type }) => (type === "secret_text" ? [{ name, type }] : []));
}

/** Secrets, by name. */
export const scriptsSecrets: readonly Endpoint[] = [
  endpoint("get", SECRETS, {
    summary: "List the names of a script's secrets",
    result: z.array(shown),
    handle: async ({ params }, api) => ({ result: await secretsOf(api, params.script_name) }),
  }),
  endpoint("put", SECRETS, {
    needs: "admin",
    summary: "Set a secret; this deploys a version",
    body: secret,
    result: shown,
    handle: async ({ params, body: { name, text, type } }, api, _, asker) => {
      await change(api, params.script_name, { [name]: text }, asker);
      return { result: { name, type } };
    },
  }),
  endpoint("delete", `${SECRETS}/{secret_name}`, {
    needs: "admin",
    summary: "Delete a secret; this deploys a version",
    query: z.object({ url_encoded: z.string().optional() }),
    handle: async ({ params }, api, _, asker) => change(api, params.script_name, { [params.secret_name]: null }, asker),
  }),
  endpoint("patch", `${SCRIPT}/secrets-bulk`, {
    needs: "admin",
    summary: "Set and delete several secrets; this deploys one version",
    maxBody: LIMITS.valueBodyBytes,
    body: z.object({ secrets: z.record(z.string().min(1), secret.partial({ name: true }).nullable()) }),
    result: z.array(shown),
    handle: async ({ params: { script_name: script }, body }, api, _, asker) => {
      const changes = Object.entries(body.secrets).map(([name, sent]) => [name, sent?.text ?? null] as const);
      if (changes.length > 0) await change(api, script, Object.fromEntries(changes), asker);
      return { result: await secretsOf(api, script) };
    },
  }),
];
