/** `stepwell user`: manages users with a name and a password, also while the server runs. */
import type { CredentialStore } from "../../ports/catalog/credentials.ts";
import { commandLine } from "../command-line.ts";
import { changeUser, createUser } from "../../access/users.ts";
import { onCatalog, roleOf, type Note } from "./credentials.ts";
import { UsageError } from "../../assembly/explain.ts";
import { readPassword } from "./password.ts";
import { systemClock } from "../../system/clock.ts";

const VERBS = ["create", "list", "remove", "password", "role"] as const;

type Verb = (typeof VERBS)[number];

/** Does one thing and ends. */
export async function user(args: readonly string[]): Promise<void> {
  const { values, positionals } = commandLine({
    args: [...args],
    options: { data: { type: "string", default: ".stepwell" }, role: { type: "string" } },
    allowPositionals: true,
  });
  const [given, name = "", ...more] = positionals;
  const verb = VERBS.find((each) => each === given);
  if (verb === undefined) throw new UsageError("stepwell user create NAME, list, role NAME, password NAME or remove NAME");
  if (more.length > 0)
    throw new UsageError("A password cannot be given on the command line: it is prompted for, or read from standard input");
  if (verb !== "list" && name === "") throw new UsageError(`stepwell user ${verb} NAME: stepwell user list shows the names`);
  if ((verb === "create" || verb === "role") && values.role === undefined)
    throw new UsageError(`stepwell user ${verb} ${name} --role R: observer, viewer, operator or admin`);
  const role = roleOf(values.role ?? "observer");
  await onCatalog(values.data, async (catalog, note) => {
    if (verb === "list") return list(catalog);
    await DO[verb](catalog, name, role);
    await note(NOTED[verb], name);
  });
}

const NOTED: Readonly<Record<Exclude<Verb, "list">, Parameters<Note>[0]>> = {
  create: "users.create",
  role: "users.change",
  password: "users.change",
  remove: "users.delete",
};

const DO: Readonly<
  Record<Exclude<Verb, "list">, (catalog: CredentialStore, name: string, role: ReturnType<typeof roleOf>) => Promise<unknown>>
> = {
  create: async (catalog, name, role) =>
    createUser({ catalog, clock: systemClock }, name, role, await readPassword(`Password for ${name}: `)),
  role: (catalog, name, role) => changeUser(catalog, name, { role }),
  password: async (catalog, name) => changeUser(catalog, name, { password: await readPassword(`New password for ${name}: `) }),
  remove: async (catalog, name) => {
    if (!(await catalog.removeUser(name))) throw new UsageError(`User ${name} not found: stepwell user list shows the names`);
  },
};

async function list(catalog: CredentialStore): Promise<void> {
  for (const { name, role, createdAt } of await catalog.users())
    process.stdout.write(`${name}  ${new Date(createdAt).toISOString()}  ${role}\n`);
}
