/** Who may ask: tokens, and users with passwords. */
import type { Role } from "../../model/platform/roles.ts";

/** A token, of which only a hash is kept. */
export interface TokenRecord {
  readonly id: string;
  readonly label: string;
  /** SHA-256 of the token, hexadecimal. */
  readonly hash: string;
  readonly role: Role;
  readonly createdAt: number;
}

/** A user with a password, of which only a salted hash is kept. */
export interface UserRecord {
  /** No two have the same. */
  readonly name: string;
  readonly role: Role;
  /** The hash, with what it was made with. */
  readonly password: string;
  readonly createdAt: number;
}

export interface CredentialStore {
  tokens(): Promise<TokenRecord[]>;
  putToken(token: TokenRecord): Promise<void>;
  /** False when there was none. */
  removeToken(id: string): Promise<boolean>;
  /** By name. */
  users(): Promise<UserRecord[]>;
  /** Adds a user, or replaces the one of that name. */
  putUser(user: UserRecord): Promise<void>;
  /** False when there was none. */
  removeUser(name: string): Promise<boolean>;
}
