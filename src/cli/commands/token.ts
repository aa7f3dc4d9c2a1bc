/** `stepwell token`: creates, lists and revokes the tokens of a data directory, also while a server uses it. */
import type { CredentialStore } from "../../ports/catalog/credentials.ts";
import { commandLine } from "../command-line.ts";
import { createToken } from "../../access/tokens.ts";
import { onCatalog, roleOf } from "./credentials.ts";
import { UsageError } from "../../assembly/explain.ts";
import { systemIds } from "../../system/ids.ts";
import { systemClock } from "../../system/clock.ts";

/** Does one thing and ends. */
export async function token(args: readonly string[]): Promise<void> {
  const { values, positionals } = commandLine({
    args: [...args],
    options: {
      data: { type: "string", default: ".stepwell" },
      label: { type: "string", default: "" },
      role: { type: "string" },
    },
    allowPositionals: true,
  });
  const [verb, id] = positionals;
  if (verb !== "create" && verb !== "list" && verb !== "revoke") throw new UsageError("stepwell token create, list or revoke ID");
  if (verb === "create" && values.role === undefined)
    throw new UsageError("stepwell token create --role R: observer, viewer, operator or admin");
  const role = roleOf(values.role ?? "observer");
  if (verb === "revoke" && id === undefined) throw new UsageError("stepwell token revoke ID: stepwell token list shows the ids");
  await onCatalog(values.data, async (catalog, note) => {
    if (verb === "list") return list(catalog);
    if (verb === "create") {
      const made = await createToken({ catalog, clock: systemClock, ids: systemIds }, { label: values.label, role });
      await note("tokens.create", made.record.id);
      process.stdout.write(`${made.token}\n`);
    } else {
      if (!(await catalog.removeToken(id ?? "")))
        throw new UsageError(`Token ${id} not found: stepwell token list shows the ids`);
      await note("tokens.delete", id ?? "");
    }
  });
}

async function list(catalog: CredentialStore): Promise<void> {
  for (const { id, label, role, createdAt } of await catalog.tokens()) {
    process.stdout.write(`${id}  ${new Date(createdAt).toISOString()}  ${role.padEnd(8)}  ${label}\n`);
  }
}
