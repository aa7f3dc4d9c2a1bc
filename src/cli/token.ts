/** `stepwell token`: makes, lists and revokes the tokens of a data directory, also while a server uses it. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Catalog } from "../ports/catalog.ts";
import { createToken } from "../server/auth.ts";
import { openSqliteCatalog } from "../stores/sqlite/open.ts";
import { databaseIn } from "./compose.ts";
import { UsageError } from "./explain.ts";

/** Does one thing and ends. */
export async function token(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { data: { type: "string", default: ".stepwell" }, label: { type: "string", default: "" } },
    allowPositionals: true,
  });
  const [verb, id] = positionals;
  if (verb !== "create" && verb !== "list" && verb !== "revoke") throw new UsageError("stepwell token create, list or revoke ID");
  if (verb === "revoke" && id === undefined) throw new UsageError("stepwell token revoke ID: stepwell token list shows the ids");
  const file = databaseIn(resolve(values.data));
  if (!existsSync(file))
    throw new UsageError(`There is no data in ${resolve(values.data)}: --data names the data directory of a server`);
  const opened = await openSqliteCatalog(file);
  const { catalog } = opened;
  try {
    if (verb === "create") process.stdout.write(`${(await createToken(catalog, values.label)).token}\n`);
    else if (verb === "list") await list(catalog);
    else if (!(await catalog.removeToken(id ?? "")))
      throw new UsageError(`There is no token ${id}: stepwell token list shows the ids`);
  } finally {
    opened.close();
  }
}

async function list(catalog: Catalog): Promise<void> {
  for (const { id, label, createdAt } of await catalog.tokens()) {
    process.stdout.write(`${id}  ${new Date(createdAt).toISOString()}  ${label}\n`);
  }
}
