/** Stores of secrets, and the secrets in them. */
import type { SecretsStore, SecretsStores, StoreSecret } from "../../../ports/catalog/secrets-stores.ts";
import type { Queries, Row } from "../connection/queries.ts";

const STORE = "SELECT id, name, created_at AS createdAt, modified_at AS modifiedAt FROM secrets_stores";

const SECRET = `SELECT id, store, name, value, scopes, comment, created_at AS createdAt, modified_at AS modifiedAt
  FROM store_secrets WHERE store = ?`;

const INSERT = `INSERT INTO store_secrets VALUES (:id, :store, :name, :value, :scopes, :comment, :createdAt, :modifiedAt)
  ON CONFLICT DO NOTHING`;

const CHANGE = `UPDATE store_secrets SET value = coalesce(:value, value), scopes = coalesce(:scopes, scopes),
  comment = coalesce(:comment, comment), modified_at = :modifiedAt WHERE store = :store AND id = :id`;

/** Takes back what has been inserted of several. */
class Taken extends Error {}

/** All of both tables. */
export function secretsStoreTables({ one, all, run, within }: Queries): SecretsStores {
  const insert = (secret: StoreSecret): void => {
    if (!run(INSERT, { ...secret, scopes: JSON.stringify(secret.scopes) })) throw new Taken();
  };
  return {
    secretsStores: async () => all(`${STORE} ORDER BY name`) as unknown as SecretsStore[],
    addSecretsStore: async ({ id, name, createdAt, modifiedAt }) =>
      run("INSERT INTO secrets_stores VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", id, name, createdAt, modifiedAt),
    removeSecretsStore: async (id) =>
      within(() => {
        run("DELETE FROM store_secrets WHERE store = ?", id);
        return run("DELETE FROM secrets_stores WHERE id = ?", id);
      }),
    storeSecrets: async (store) => all(`${SECRET} ORDER BY name`, store).map(toSecret),
    storeSecretNamed: async (store, name) => {
      const row = one(`${SECRET} AND name = ?`, store, name);
      return row && toSecret(row);
    },
    addStoreSecrets: async (secrets) => {
      try {
        within(() => secrets.forEach(insert));
        return true;
      } catch (cause) {
        if (cause instanceof Taken) return false;
        throw cause;
      }
    },
    changeStoreSecret: async ({ value = null, scopes, comment = null, ...rest }) =>
      run(CHANGE, { ...rest, value, scopes: scopes === undefined ? null : JSON.stringify(scopes), comment }),
    removeStoreSecret: async (store, id) => run("DELETE FROM store_secrets WHERE store = ? AND id = ?", store, id),
  };
}

function toSecret(row: Row): StoreSecret {
  return { ...(row as unknown as StoreSecret), scopes: JSON.parse(String(row["scopes"])) as string[] };
}
