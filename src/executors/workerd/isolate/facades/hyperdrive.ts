/**
 * The way to databases, whose addresses Workers need not be able to reach. Drivers open sockets by name, so a Worker that is bound to
 * databases opens all of its sockets here: names of databases lead to those, everything else where it would have led anyway.
 */
import { connect, type Socket } from "cloudflare:sockets";
import { WorkerEntrypoint } from "cloudflare:workers";
import { settleable } from "../../../../runtime/run/settleable.ts";
import type { Facade } from "../../messages.ts";
import type { Entrypoints } from "./stubs.ts";

/** How a socket to a database is opened. */
interface DatabaseSocket {
  readonly address: string;
  readonly isEncrypted: boolean;
}

interface Env {
  /** A network without rules, which no Worker is given. */
  readonly DATABASES: { connect(address: string, options: { readonly secureTransport: "off" | "starttls" }): Socket };
}

interface Props {
  /** Databases, by the addresses that the Worker knows them by. */
  readonly databases: Readonly<Record<string, DatabaseSocket>>;
}

/** How long it may take until a database can be spoken to, in milliseconds. */
const OPENING_MS = 10_000;

export class HyperdriveFacade extends WorkerEntrypoint {
  async connect(inner: Socket): Promise<void> {
    const { localAddress = "" } = await inner.opened;
    const { databases } = this.ctx.props as Props;
    const database = databases[localAddress];
    const outer = database === undefined ? connect(localAddress) : await opened((this.env as Env).DATABASES, database);
    await Promise.all([inner.readable.pipeTo(outer.writable), outer.readable.pipeTo(inner.writable)]);
  }

  fetch(request: Request): Promise<Response> {
    return fetch(request);
  }
}

/** A socket that a driver can speak over: it knows nothing of the encryption. */
async function opened(network: Env["DATABASES"], { address, isEncrypted }: DatabaseSocket): Promise<Socket> {
  const plain = network.connect(address, { secureTransport: isEncrypted ? "starttls" : "off" });
  const { promise: late, reject } = settleable<never>();
  const timer = setTimeout(
    () => reject(new Error(`The database did not answer within ${OPENING_MS / 1_000} seconds`)),
    OPENING_MS,
  );
  try {
    return await Promise.race([isEncrypted ? encrypted(plain, address) : plain.opened.then(() => plain), late]);
  } catch (cause) {
    plain.close().catch(() => {});
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

/** PostgreSQL's request for TLS, before anything else is said. */
const TLS_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const YES = 0x53;

async function encrypted(plain: Socket, address: string): Promise<Socket> {
  const writer = plain.writable.getWriter();
  await writer.write(TLS_REQUEST);
  writer.releaseLock();
  const reader = plain.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const { value } = await reader.read();
  reader.releaseLock();
  // Anything after the answer was not said by the database in secret.
  if (value?.length !== 1 || value[0] !== YES) throw new Error("The database does not offer TLS");
  const secure = plain.startTls({ expectedServerHostname: address.slice(0, address.lastIndexOf(":")).replaceAll(/[[\]]/g, "") });
  await secure.opened;
  return secure;
}

/** Where what a Worker asks of the network goes, if it is bound to databases. */
export function outboundOf(
  facades: Readonly<Record<string, Facade>>,
  entrypoints: Entrypoints,
): { readonly globalOutbound?: unknown } {
  const bound = Object.values(facades).filter(({ facade }) => facade === "HyperdriveFacade");
  if (bound.length === 0) return {};
  const databases: unknown = Object.assign({}, ...bound.map(({ props }) => (props as Props).databases));
  return { globalOutbound: entrypoints["HyperdriveFacade"]?.({ props: { databases } }) };
}
