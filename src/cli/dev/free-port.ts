/** The default port of `stepwell dev`: the usual one, or the next that is free. */
import { once } from "node:events";
import { createServer } from "node:net";

/** How many ports are tried. A user with so many servers should set the port. */
const TRIES = 100;

/** Answers `first` when all are taken, and when there is another reason that it cannot be listened at: listening tells it. */
export async function freePort(host: string, first: number): Promise<number> {
  for (let port = first; port < first + TRIES; port += 1) if (!(await isTaken(host, port))) return port;
  return first;
}

async function isTaken(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, host), "listening");
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
  } finally {
    server.close();
  }
}
