/** Stores of secrets that several Workers may read. Rows of the catalogue; values are sealed. */
import type { Encoded } from "../../model/values/value.ts";

export interface SecretsStore {
  readonly id: string;
  /** No two have the same. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface StoreSecret {
  readonly id: string;
  /** The id of its store. */
  readonly store: string;
  /** No two of a store have the same. */
  readonly name: string;
  /** Sealed. */
  readonly value: Encoded;
  /** Services that may read it: `workers` among others. */
  readonly scopes: readonly string[];
  readonly comment: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export type StoreSecretChange = Pick<StoreSecret, "id" | "store" | "modifiedAt"> & {
  readonly [field in "value" | "scopes" | "comment"]?: StoreSecret[field] | undefined;
};

export interface SecretsStores {
  /** All of them, by name. */
  secretsStores(): Promise<SecretsStore[]>;
  /** False when there is one with this id or name. */
  addSecretsStore(store: SecretsStore): Promise<boolean>;
  /** With all its secrets. False when there was none. */
  removeSecretsStore(id: string): Promise<boolean>;
  /** Those of a store, by name. */
  storeSecrets(store: string): Promise<StoreSecret[]>;
  /** By the name of the secret. */
  storeSecretNamed(store: string, name: string): Promise<StoreSecret | undefined>;
  /** All of them, or none when one of the names is taken: false then. */
  addStoreSecrets(secrets: readonly StoreSecret[]): Promise<boolean>;
  /** Changes what is given, and leaves the rest as it is at that moment. False when there is none with this id. */
  changeStoreSecret(secret: StoreSecretChange): Promise<boolean>;
  /** False when there was none. */
  removeStoreSecret(store: string, id: string): Promise<boolean>;
}
