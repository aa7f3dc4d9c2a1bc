/**
 * Where debuggers connect: the addresses and documents that Chrome and VS Code look for, one target a Worker. A connected
 * debugger runs code in Workers. So the server listens on loopback, and refuses pages and host names that were resolved to this
 * machine by deceit.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { Session } from "./session.ts";
import { InspectorTargets } from "./targets.ts";

export interface InspectorOptions {
  readonly host: string;
  readonly port: number;
  /** Workers that can be debugged, the primary one first, each with the folder of its project. */
  readonly workers: () => readonly { readonly script: string; readonly folder: string }[];
}

const HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** The hosts that pages with a debugger come from: Cloudflare's DevTools, as wrangler allows them. */
const PAGES = /^(?:devtools\.devprod\.cloudflare\.dev|(?:[a-z0-9]+-)?cloudflare-devtools\.devprod\.workers\.dev)$/;

export class Inspector {
  readonly targets: InspectorTargets;
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #workers: InspectorOptions["workers"];

  private constructor(server: Server, { workers }: InspectorOptions) {
    const { address, family, port } = server.address() as AddressInfo;
    this.host = family === "IPv6" ? `[${address}]` : address;
    this.port = port;
    this.#server = server;
    this.#workers = workers;
    this.targets = new InspectorTargets((script) => workers().find((each) => each.script === script)?.folder);
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on("request", (request, response) => this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Rejects with the system's error (`EADDRINUSE`, …) when it cannot listen. */
  static async open(options: InspectorOptions): Promise<Inspector> {
    const server = createServer();
    await once(server.listen(options.port, options.host), "listening");
    return new Inspector(server, options);
  }

  /** What a browser is to open. */
  page(script: string): string {
    return `https://devtools.devprod.cloudflare.dev/js_app?${new URLSearchParams({
      theme: "systemPreferred",
      debugger: "true",
      ws: `${this.host}:${this.port}/${script}`,
    }).toString()}`;
  }

  /** The same for Chrome's own DevTools, which needs no network: for its address bar. */
  chrome(script: string): string {
    return `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${this.host}:${this.port}/${script}`;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ url = "/", headers }: IncomingMessage, response: ServerResponse): void {
    const document = isOurs(headers.host) ? this.#document(url) : undefined;
    response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(document === undefined ? undefined : JSON.stringify(document));
  }

  #document(path: string): unknown {
    if (path === "/json/version") return { Browser: "stepwell", "Protocol-Version": "1.3" };
    if (path !== "/json" && path !== "/json/list") return undefined;
    return this.#workers().map(({ script }) => ({
      id: script,
      type: "node",
      title: `Worker: ${script}`,
      description: "workers",
      url: "file:///bundle/",
      webSocketDebuggerUrl: `ws://${this.host}:${this.port}/${script}`,
      devtoolsFrontendUrl: this.chrome(script),
      devtoolsFrontendUrlCompat: this.chrome(script),
    }));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { headers, url = "/" } = request;
    // `/ws` is where wrangler has its first Worker.
    const scripts = this.#workers().map(({ script }) => script);
    const name = url === "/ws" || url === "/" ? scripts[0] : url.slice(1);
    const script = scripts.find((each) => each === name);
    const status = isOurs(headers.host) && isDebugger(headers.origin) ? (script === undefined ? 404 : 101) : 403;
    if (status !== 101 || script === undefined) {
      socket.end(`HTTP/1.1 ${status} ${status === 404 ? "Not Found" : "Forbidden"}\r\nconnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (opened) => new Session(opened, this.targets, script));
  }
}

/** A page on the internet can make its own name lead here. */
function isOurs(host: string | undefined): boolean {
  return host !== undefined && HOSTS.has(URL.parse(`http://${host}`)?.hostname ?? "");
}

/** Programs send no origin; a browser always says which page connects. */
function isDebugger(origin: string | undefined): boolean {
  if (origin === undefined) return true;
  const page = URL.parse(origin);
  if (page?.protocol === "devtools:") return true;
  return page?.protocol === "https:" && PAGES.test(page.hostname);
}
