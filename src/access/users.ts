/** People who log in with a name and a password. */
import { Failure } from "../model/failures/failure.ts";
import { LIMITS } from "../model/limits.ts";
import type { Principal, Role } from "../model/platform/roles.ts";
import type { CredentialStore, UserRecord } from "../ports/catalog/credentials.ts";
import type { Clock } from "../ports/clock.ts";
import { hashPassword, isPassword } from "./passwords.ts";

const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,${LIMITS.userName - 1}}$`);

/** Adds a user. Fails with `access.user_exists`, `access.too_many`, and for an invalid name or password with `body`. */
export async function createUser(
  { catalog, clock }: { readonly catalog: CredentialStore; readonly clock: Pick<Clock, "now"> },
  name: string,
  role: Role,
  password: string,
): Promise<UserRecord> {
  if (!NAME.test(name))
    throw new Failure("body", {
      field: "name",
      detail: `A name must be 1 to ${LIMITS.userName} letters, digits and . _ @ + -, starting with a letter or a digit`,
    });
  checkPassword(password);
  const user = { name, role, password: await hashPassword(password), createdAt: clock.now() };
  // Asked last: between this and the change there is nothing that takes time.
  const users = await catalog.users();
  if (users.some((each) => each.name === name)) throw new Failure("access.user_exists", { field: "name" });
  if (users.length >= LIMITS.users) throw new Failure("access.too_many", { field: "body" });
  await catalog.putUser(user);
  return user;
}

/** The changes to make to a user. */
export interface UserChange {
  readonly role?: Role | undefined;
  readonly password?: string | undefined;
}

/** Changes a user and ends the user's sessions. Fails with `access.no_user`. */
export async function changeUser(catalog: CredentialStore, name: string, { role, password }: UserChange): Promise<UserRecord> {
  if (password !== undefined) checkPassword(password);
  const hash = password === undefined ? undefined : await hashPassword(password);
  const user = (await catalog.users()).find((each) => each.name === name);
  if (user === undefined) throw new Failure("access.no_user", { field: "user_name" });
  const changed = { ...user, role: role ?? user.role, password: hash ?? user.password };
  await catalog.putUser(changed);
  return changed;
}

/** The user of this name and password. */
export async function userOf(catalog: CredentialStore, name: string, password: string): Promise<UserRecord | undefined> {
  const user = (await catalog.users()).find((each) => each.name === name);
  return (await isPassword(password, user?.password)) ? user : undefined;
}

/** The principal of a logged-in user. */
export function userPrincipal({ name, role }: Pick<UserRecord, "name" | "role">): Principal {
  return { kind: "user", id: name, name, role };
}

function checkPassword(password: string): void {
  if (password.length < LIMITS.passwordMin || password.length > LIMITS.passwordMax)
    throw new Failure("body", {
      field: "password",
      detail: `A password must have ${LIMITS.passwordMin} to ${LIMITS.passwordMax} characters`,
    });
}
