/** The Agents SDK's own client, as a browser would use it, with what a test wants to know besides. */
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";

/** The packages that an agents project has. */
export const AGENTS_PACKAGES: string = fileURLToPath(new URL("../clients/node_modules/", import.meta.url));

/** As much of `AgentClient` as is used. */
interface SdkClient {
  readonly state: unknown;
  call(method: string, args: readonly unknown[], options?: object): Promise<unknown>;
  setState(state: unknown): void;
  send(text: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { readonly data: string }) => void): void;
}

export interface AgentClient {
  /** The state that the agent has last sent. */
  state(): { readonly log?: readonly unknown[] } & Readonly<Record<string, unknown>>;
  call(method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Calls a method that streams; resolves with its chunks and what it ended with. */
  stream(method: string, ...args: readonly unknown[]): Promise<{ readonly chunks: readonly unknown[]; readonly end: unknown }>;
  setState(state: unknown): void;
  send(text: string): void;
  /** All messages so far that were no answers. */
  heard(): readonly string[];
  close(): void;
}

/** Opens a connection to an agent of the Worker whose root this address is. */
export async function openAgent(url: string, agent: string, name: string): Promise<AgentClient> {
  const { AgentClient: Client } = (await import(pathToFileURL(join(AGENTS_PACKAGES, "agents/dist/client.js")).href)) as {
    AgentClient: new (options: object) => SdkClient;
  };
  const { host, pathname } = new URL(url);
  const prefix = `${pathname}/agents`.replaceAll(/\/+/g, "/").slice(1);
  const client = new Client({ agent, name, host, protocol: "ws", prefix });
  const heard: string[] = [];
  // Not its `ready`: a connection that took too long is opened again, and has another `ready` then.
  const { promise: identified, resolve: identify } = Promise.withResolvers<void>();
  client.addEventListener("message", ({ data }) => {
    if (data.includes('"cf_agent_identity"')) identify();
    if (!data.includes('"type":"rpc"')) heard.push(data);
  });
  await identified;
  return {
    state: () => (client.state ?? {}) as ReturnType<AgentClient["state"]>,
    call: (method, ...args) => client.call(method, args),
    stream: (method, ...args) =>
      new Promise((resolve, reject) => {
        const chunks: unknown[] = [];
        const stream = {
          onChunk: (chunk: unknown) => chunks.push(chunk),
          onDone: (end: unknown) => resolve({ chunks, end }),
          onError: (message: string) => reject(new Error(message)),
        };
        client.call(method, args, { stream }).catch(reject);
      }),
    setState: (state) => client.setState(state),
    send: (text) => client.send(text),
    heard: () => heard,
    close: () => client.close(),
  };
}
