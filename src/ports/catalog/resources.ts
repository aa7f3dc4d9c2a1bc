/** What Workers keep data in: KV namespaces, D1 databases, R2 buckets. Rows of the catalogue; what is in them is elsewhere. */
import type { StorageScope } from "../storage.ts";

export interface Resource {
  readonly type: StorageScope["type"];
  /** Of a bucket this is its name. No two of a type have the same. */
  readonly id: string;
  /** The title of a namespace, the name of a database or a bucket. No two of a type have the same. */
  readonly name: string;
  readonly createdAt: number;
}

export interface Resources {
  /** By id. */
  resource(type: Resource["type"], id: string): Promise<Resource | undefined>;
  /** By name. */
  resourceNamed(type: Resource["type"], name: string): Promise<Resource | undefined>;
  /** All of a type, by name. */
  resources(type: Resource["type"]): Promise<Resource[]>;
  /** False when there is one with this id or name; nothing has changed then. */
  addResource(resource: Resource): Promise<boolean>;
  /** False when there is none with this id, or another one with this name. */
  renameResource(type: Resource["type"], id: string, name: string): Promise<boolean>;
  /** False when there was none. */
  removeResource(type: Resource["type"], id: string): Promise<boolean>;
}
