/** A database that the server has a connection string of. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import type { Kind, Provision } from "../kind.ts";
import { readConnectionString, type DatabaseAddress } from "./connection-string.ts";
import type { DatabaseAccess } from "./database.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    hyperdrive: {
      readonly id: string;
      /** Sealed wherever a version is stored. Only projects have it; for what is uploaded the server knows it by the id. */
      readonly connection?: string;
    };
  }
}

export const hyperdrive: Kind<"hyperdrive"> = {
  upload: () => z.object({ id: z.string().regex(/^[\w-]{1,64}$/, "An id is 1 to 64 letters, digits, _ and -") }),
  show: ({ id }) => ({ id }),
  describe: ({ id }) => ({ what: "Hyperdrive Config", which: id }),
  configured: (config) =>
    config.hyperdrive.map(({ binding, id, localConnectionString: connection }) => ({
      name: binding,
      id,
      ...(connection !== undefined && { connection }),
    })),
  withSecrets: (binding, change) =>
    binding.connection === undefined ? binding : { ...binding, connection: change(binding.connection) },
  provide: ({ name, id, connection }) => {
    if (connection === undefined)
      return unusable(`The server knows no database for ${id}: start it with --hyperdrive ${id}=postgres://…`);
    const address = readConnectionString(connection);
    if ("problem" in address) return unusable(`Its connection string cannot be used: ${address.problem}`);
    return provided(name, address);
  },
};

function unusable(reason: string): Provision {
  return { is: "made", of: reason };
}

/**
 * The database under names of its own, which only sockets of the Worker lead to it by: its real address is not opened to Workers, not
 * even to this one.
 */
function provided(name: string, { host, port, isEncrypted, ...others }: DatabaseAddress): Provision {
  const digest = sha256(utf8ToBytes(name));
  const names = { host: `${bytesToHex(digest.subarray(0, 16))}.hyperdrive.local`, ip: `240.${digest.subarray(0, 3).join(".")}` };
  const of: DatabaseAccess = { ...others, ...names, port };
  const databases = Object.fromEntries(
    Object.values(names).map((each) => [`${each}:${port}`, { address: `${host}:${port}`, isEncrypted }]),
  );
  return { is: "stub", facade: "HyperdriveFacade", props: { databases }, of };
}
