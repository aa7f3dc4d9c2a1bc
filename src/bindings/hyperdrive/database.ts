/** A database as user code sees it: Cloudflare's `Hyperdrive`. */
import { unusable } from "../unsupported/stand-in.ts";
import type { DatabaseAddress } from "./connection-string.ts";

/** What drivers connect with. Host and address lead to the database only in sockets of the Worker. */
export interface DatabaseAccess extends Omit<DatabaseAddress, "isEncrypted"> {
  readonly ip: string;
}

/** The loader's end (`facades/hyperdrive.ts`). */
export interface DatabaseStub {
  connect(address: string): unknown;
}

/** Its properties are getters: printing `env` must not print a password. */
export class Hyperdrive {
  readonly #stub: DatabaseStub;
  readonly #access: DatabaseAccess;

  constructor(stub: DatabaseStub, access: DatabaseAccess) {
    this.#stub = stub;
    this.#access = access;
  }

  get connectionString(): string {
    const { scheme, host, port, user, password, database } = this.#access;
    const [name, secret, path] = [user, password, database].map(encodeURIComponent);
    // The way to the loader is within the process.
    return `${scheme}://${name}:${secret}@${host}:${port}/${path}?${scheme === "mysql" ? "ssl-mode=disabled" : "sslmode=disable"}`;
  }

  get host(): string {
    return this.#access.host;
  }

  get ip(): string {
    return this.#access.ip;
  }

  get port(): number {
    return this.#access.port;
  }

  get user(): string {
    return this.#access.user;
  }

  get password(): string {
    return this.#access.password;
  }

  get database(): string {
    return this.#access.database;
  }

  /** A socket to the database. */
  connect(): unknown {
    return this.#stub.connect(`${this.host}:${this.port}`);
  }
}

/** What is in `env`: the database, or what throws the reason why it cannot be reached. */
export function hyperdriveBinding(name: string, stub: unknown, of: unknown): object {
  if (typeof of === "string") return unusable(`The binding "${name}" (Hyperdrive) cannot be used. ${of}`);
  return new Hyperdrive(stub as DatabaseStub, of as DatabaseAccess);
}
