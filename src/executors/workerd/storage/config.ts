/** The configuration of the storage process, in Cap'n Proto's text form. */
import { literal } from "../process/config.ts";

/** What it is made of. */
export interface StorageConfig {
  /** The gateway's module. */
  readonly gateway: string;
  /** Path of the socket that it listens on. */
  readonly socket: string;
  /** Folder of the data. */
  readonly folder: string;
}

/** Text for `workerd serve`. The compatibility date is the one that the simulators are written for. */
export function storageConfig({ gateway, socket, folder }: StorageConfig): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "gateway", worker = (
      modules = [(name = "gateway.js", esModule = ${literal(gateway)})],
      compatibilityDate = "2023-07-24",
      compatibilityFlags = ["nodejs_compat", "experimental"],
      durableObjectNamespaces = [
        (className = "Kv", uniqueKey = "kv", enableSql = true),
        (className = "D1", uniqueKey = "d1", enableSql = true),
        (className = "R2", uniqueKey = "r2", enableSql = true),
      ],
      durableObjectStorage = (localDisk = "data"),
      bindings = [
        (name = "kv", durableObjectNamespace = "Kv"),
        (name = "d1", durableObjectNamespace = "D1"),
        (name = "r2", durableObjectNamespace = "R2"),
        (name = "MINIFLARE_BLOBS", service = "data"),
      ],
      globalOutbound = "nowhere",
    )),
    (name = "data", disk = (path = ${literal(folder)}, writable = true)),
    (name = "nowhere", network = (allow = [])),
  ],
  sockets = [(name = "main", address = ${literal(`unix:${socket}`)}, http = (), service = "gateway")],
);
`;
}
