/** The part of the catalogue about who may ask: tokens, and people with passwords. */
import type { CredentialStore, TokenRecord, UserRecord } from "../../../ports/catalog/credentials.ts";
import type { Queries } from "../connection/queries.ts";

const TOKEN = "SELECT id, label, hash, role, created_at AS createdAt FROM tokens";

const USER = "SELECT name, role, password, created_at AS createdAt FROM users";

const PUT_TOKEN = "INSERT INTO tokens (id, label, hash, role, created_at) VALUES (:id, :label, :hash, :role, :createdAt)";

const PUT_USER = `INSERT INTO users (name, role, password, created_at) VALUES (:name, :role, :password, :createdAt)
  ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, created_at = excluded.created_at`;

/** Both tables. */
export function credentialTables({ all, run }: Queries): CredentialStore {
  return {
    tokens: async () => all(`${TOKEN} ORDER BY created_at, pk`) as unknown as TokenRecord[],
    putToken: async (token) => void run(PUT_TOKEN, token),
    removeToken: async (id) => run("DELETE FROM tokens WHERE id = ?", id),
    users: async () => all(`${USER} ORDER BY name`) as unknown as UserRecord[],
    putUser: async (user) => void run(PUT_USER, user),
    removeUser: async (name) => run("DELETE FROM users WHERE name = ?", name),
  };
}
