/** The actions of the hotkeys of `stepwell dev`. */
import { spawn } from "node:child_process";
import type { Inspector } from "../../executors/workerd/inspector/server.ts";
import { legend, listenToKeys, type Hotkeys } from "./hotkeys.ts";

export interface KeyParts {
  /** Of the primary Worker. */
  readonly url: string;
  readonly script: string;
  readonly inspector: Inspector | undefined;
  readonly print: (line: string) => void;
  readonly exit: () => void;
}

/** Listens to them and says which there are; answers how to stop that. */
export function devKeys({ url, script, inspector, print, exit }: KeyParts): () => void {
  const keys: Hotkeys = {
    b: { label: "open a browser", act: () => openBrowser(url, print) },
    ...(inspector && { d: { label: "open devtools", act: () => openDevtools(inspector, script, print) } }),
    c: { label: "clear console", act: () => console.clear() },
  };
  const stop = listenToKeys(process.stdin, keys, exit);
  if (stop !== undefined) print(`${legend(keys)}  [x] exit`);
  return stop ?? (() => {});
}

/** Cloudflare's DevTools is a page on the internet; Chrome has one of its own, whose address pages and programs cannot open. */
function openDevtools(inspector: Inspector, script: string, print: (line: string) => void): void {
  print(`Debugger: ${inspector.page(script)}\nWithout a network, in the address bar of Chrome: ${inspector.chrome(script)}`);
  openBrowser(inspector.page(script), print);
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** With whatever the desktop opens addresses with. `&` ends a command in `cmd`. */
function openBrowser(url: string, print: (line: string) => void): void {
  const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const address = process.platform === "win32" ? url.replaceAll("&", "^&") : url;
  const child = spawn(command, [...args, address], { stdio: "ignore", detached: true });
  child.once("error", () => print(`The browser could not be opened. Open ${url}`));
  child.unref();
}
