/**
 * Bytes on TCP connections: requests with broken lines, headers and bodies, upgrades with wrong keys, and frames of WebSockets that are
 * none. What is wrong is refused with 4xx or a connection that is closed; what is inside of a body never becomes a request; others are
 * served meanwhile; and no connection is left.
 */
import { createConnection, type Socket } from "node:net";
import { wireInput, type WireInput } from "../inputs/wire.ts";
import { descriptorsReturn, openDescriptors } from "../site/descriptors.ts";
import { openSite, type Site } from "../site/site.ts";
import { fuzzed, type Figures, type Fuzzed, type Target } from "../target.ts";

/** A path that is only inside of bodies, or behind what cannot be read. */
const HIDDEN = "/smuggled";

/** Milliseconds until a connection is closed, once its client has said all. */
const CLOSES_MS = 5_000;

/** Milliseconds until another client is answered. */
const SERVED_MS = 1_000;

/** Inputs between two looks whether an instance completes. */
const LOOK_INPUTS = 1_000;

export const http: Target = {
  name: "http",
  weight: 3,
  ciRuns: 1_500,
  open: async (figures) => httpOn(await openSite("node"), figures),
};

/** The property, of a site. */
export async function httpOn(site: Site, figures: Figures): Promise<Fuzzed> {
  await site.lives();
  await served(site);
  const before = openDescriptors();
  let inputs = 0;
  const put = async (input: WireInput): Promise<void> => {
    if (inputs % LOOK_INPUTS === 0) await site.lives();
    inputs += 1;
    const others = served(site);
    const { text, isReset } = await exchange(site, input);
    await others;
    const statuses = Array.from(text.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, status]) => Number(status));
    for (const status of statuses) figures(`${Math.floor(status / 100)}xx`);
    if (statuses.length === 0) figures("closed without an answer");
    const what = (): string => `${isReset ? "reset, " : ""}answer: ${text.slice(0, 2_000)}`;
    if (text !== "" && !text.startsWith("HTTP/1.1 ")) throw new Error(`The answer is not HTTP; ${what()}`);
    if (statuses.some((status) => status >= 500 && status !== 501)) throw new Error(`The server is at fault; ${what()}`);
    if (!input.mayAnswerTwice && statuses.length > 1) throw new Error(`What cannot be read is answered on; ${what()}`);
    const [logged] = site.errors();
    if (logged !== undefined) throw new Error(`The server logs an error: ${logged}; ${what()}`);
    if (site.paths().some((path) => path.startsWith(HIDDEN))) throw new Error(`A part of a body became a request; ${what()}`);
  };
  const check = async (): Promise<void> => {
    await descriptorsReturn(before);
    await site.lives();
  };
  return fuzzed(wireInput, put, { found: FOUND, check, close: () => site.close() });
}

/** Another client is served meanwhile. */
async function served(site: Site): Promise<void> {
  const began = performance.now();
  const { status } = await site.client.send({ method: "GET", path: "/healthz", headers: {} });
  if (status !== 200) throw new Error(`Another client gets ${status}`);
  // Slow machines: once more before it is said.
  if (performance.now() - began > SERVED_MS) {
    const again = performance.now();
    await site.client.send({ method: "GET", path: "/healthz", headers: {} });
    if (performance.now() - again > SERVED_MS) throw new Error(`Another client waits for ${performance.now() - again} ms`);
  }
}

interface Exchanged {
  readonly text: string;
  /** The server has reset the connection, which may take an answer with it. */
  readonly isReset: boolean;
}

/** Writes it in its pieces, and reads until the connection is closed. */
function exchange(site: Site, { bytes, cuts, end }: WireInput): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createConnection({ host: "127.0.0.1", port: site.port, noDelay: true, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    let isReset = false;
    let late: NodeJS.Timeout | undefined;
    socket.on("data", (chunk) => chunks.push(chunk));
    // A server that has hung up resets what is still written.
    socket.on("error", () => (isReset = true));
    socket.once("end", () => socket.end());
    socket.once("close", () => {
      clearTimeout(late);
      resolve({ text: Buffer.concat(chunks).toString("latin1"), isReset });
    });
    const whole = Buffer.from(bytes.replaceAll("{operator}", site.token("operator")), "latin1");
    const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].toSorted((a, b) => a - b);
    void write(socket, whole, places).then(() => {
      if (end === "reset") socket.destroy();
      else socket.end();
      late = setTimeout(() => {
        socket.destroy();
        reject(
          new Error(`The connection is open ${CLOSES_MS} ms after its end; answer: ${Buffer.concat(chunks).toString("latin1")}`),
        );
      }, CLOSES_MS);
    });
  });
}

async function write(socket: Socket, bytes: Buffer, places: readonly number[]): Promise<void> {
  let at = 0;
  for (const place of [...places, bytes.length]) {
    if (!socket.destroyed && place > at) socket.write(bytes.subarray(at, place));
    at = place;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Inputs that broke a promise once. */
const FOUND: readonly WireInput[] = [];
