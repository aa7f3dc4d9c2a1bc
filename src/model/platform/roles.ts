/** Who asks, and what that lets them do. Roles are a ladder: each may do what the ones before it may. */

/** From the least to the most. An observer sees what happened, but no payloads. */
export const ROLES = ["observer", "viewer", "operator", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** The caller of an operation. */
export interface Principal {
  /** `local`: any client of a server without authentication. `command`: the command line, on the machine of the data. */
  readonly kind: "token" | "user" | "local" | "command";
  /** The id of a token; the name of any other caller. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly role: Role;
}

/** The caller on a server without authentication. */
export const LOCAL: Principal = { kind: "local", id: "local", name: "local", role: "admin" };

/** True when a role may do what another one is needed for. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** True for the name of a role. */
export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
