/** The configuration that a process of workerd is started with, in Cap'n Proto's text form. */

/** What differs between processes. */
export interface ProcessConfig {
  /** The loader's module. */
  readonly loader: string;
  readonly token: string;
  /** What requests have in `cf`. */
  readonly requestCf: Readonly<Record<string, unknown>>;
  /** What scripts may reach: `public`, `private`, `local`, and ranges of addresses. */
  readonly network: readonly string[];
  /** Path of the socket of a proxy that makes the requests of scripts; absent when they reach the network themselves. */
  readonly outbound?: string;
  /** What of that they may not, unless a smaller range allows it. */
  readonly refused: readonly string[];
  /** Certificates of authorities that databases may have theirs from, besides those that browsers know. */
  readonly trusted: readonly string[];
  /** The most that a V8 heap may take, in MiB. */
  readonly heapMiB: number;
  /** Path of the socket of the storage process; absent when there is none. */
  readonly storage?: string;
  /** The folder that Durable Objects are kept in, in the one process that has them. */
  readonly objects?: string;
  /** The folder of static assets; absent when there are none. */
  readonly assets?: string;
}

/** Text for `workerd serve`. */
export function processConfig(config: ProcessConfig): string {
  const { loader, token, requestCf, heapMiB, storage, objects, assets, trusted } = config;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "loader", worker = (
      modules = [(name = "loader.js", esModule = ${literal(loader)})],
      compatibilityDate = "2026-11-01",
      compatibilityFlags = ["enable_request_signal", "request_signal_passthrough"],
      bindings = [(name = "LOADER", workerLoader = ()), (name = "TOKEN", text = ${literal(token)}), (name = "DATABASES", service = "databases"), (name = "REQUEST_CF", json = ${literal(JSON.stringify(requestCf))})${storage === undefined ? "" : `, (name = "STORAGE", service = "storage")`}${objects === undefined ? "" : OBJECTS.binding}${assets === undefined ? "" : `, (name = "ASSETS", service = "assets")`}],
      ${objects === undefined ? "" : OBJECTS.namespace}
      globalOutbound = "outside",
    )),
    (name = "outside", ${outside(config)}),
    (name = "databases", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true, trustedCertificates = [${trusted.map(literal).join(", ")}]))),
    ${storage === undefined ? "" : `(name = "storage", external = (address = ${literal(`unix:${storage}`)}, http = ())),`}
    ${assets === undefined ? "" : `(name = "assets", disk = (path = ${literal(assets)})),`}
    ${objects === undefined ? "" : `(name = "objects", disk = (path = ${literal(objects)}, writable = true)),`}
  ],
  v8Flags = ["--max-old-space-size=${heapMiB}"],
  sockets = [(name = "main", address = "127.0.0.1:0", http = (), service = "loader")],
);
`;
}

/** What scripts reach. A proxy is sent whole URLs, and does TLS itself. */
function outside({ network, refused, outbound }: ProcessConfig): string {
  if (outbound !== undefined) return `external = (address = ${literal(`unix:${outbound}`)}, http = (style = proxy))`;
  const [allow, deny] = [network, refused].map((ranges) => ranges.map(literal).join(", "));
  return `network = (allow = [${allow}], deny = [${deny}], tlsOptions = (trustBrowserCas = true))`;
}

/** All objects of all scripts are of one class of ours; which they are is in their names. */
const OBJECTS = {
  binding: `, (name = "OBJECTS", durableObjectNamespace = "OuterObject")`,
  namespace: `durableObjectNamespaces = [(className = "OuterObject", uniqueKey = "objects", enableSql = true)],
      durableObjectStorage = (localDisk = "objects"),`,
};

/** A literal. Cap'n Proto's strings have C's escapes, which JSON's \\u is not among. */
export function literal(value: string): string {
  const bytes = new TextEncoder().encode(value);
  return `"${Array.from(bytes, escaped).join("")}"`;
}

function escaped(byte: number): string {
  const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
  return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
}
