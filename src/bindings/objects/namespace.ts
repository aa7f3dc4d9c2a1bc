/**
 * Durable Objects as user code sees them: Cloudflare's API, over a stub of the loader's. What is called on an object crosses
 * as one call with the method's name, so that functions, streams and further calls on the result go along.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { remote } from "../remote.ts";
import { OBJECT_HEADERS, type ObjectName } from "./headers.ts";

/** The loader's end (`facades/objects.ts`). */
export interface ObjectsStub {
  fetch(request: Request): Promise<Response>;
  call(object: ObjectName, method: string, args: readonly unknown[]): unknown;
  read(object: ObjectName, property: string): PromiseLike<unknown>;
}

/** The id of an object: 64 hexadecimal digits. */
export class DurableObjectId {
  readonly #hex: string;
  readonly name: string | undefined;

  constructor(hex: string, name?: string) {
    this.#hex = hex;
    // Those without a name have no such property.
    if (name === undefined) delete (this as { name?: string }).name;
    else this.name = name;
  }

  toString(): string {
    return this.#hex;
  }

  equals(other: unknown): boolean {
    return String(other) === this.#hex;
  }
}

export class DurableObjectNamespace {
  readonly #stub: ObjectsStub;

  constructor(stub: ObjectsStub) {
    this.#stub = stub;
  }

  idFromName(name: string): DurableObjectId {
    return new DurableObjectId(bytesToHex(sha256(utf8ToBytes(name))), name);
  }

  idFromString(hex: string): DurableObjectId {
    if (!/^[\da-f]{64}$/i.test(hex)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    return new DurableObjectId(hex.toLowerCase());
  }

  newUniqueId(): DurableObjectId {
    return new DurableObjectId(bytesToHex(crypto.getRandomValues(new Uint8Array(32))));
  }

  get(id: DurableObjectId): unknown {
    return objectStub(this.#stub, id);
  }

  getByName(name: string): unknown {
    return this.get(this.idFromName(name));
  }

  /** There is one jurisdiction here: the machine. */
  jurisdiction(): this {
    return this;
  }
}

function objectStub(stub: ObjectsStub, id: DurableObjectId): unknown {
  const object: ObjectName = { id: String(id), ...(id.name !== undefined && { name: id.name }) };
  return remote(
    { id, name: id.name, fetch: fetcher(stub, object) },
    (method, args) => stub.call(object, method, args),
    (property) => stub.read(object, property),
  );
}

function fetcher(stub: ObjectsStub, { id, name }: ObjectName) {
  return (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    request.headers.set(OBJECT_HEADERS.id, id);
    if (name !== undefined) request.headers.set(OBJECT_HEADERS.name, encodeURIComponent(name));
    return stub.fetch(request);
  };
}

type RequestInfo = string | Request;
