/**
 * Why the connection of a request was lost. workerd's error is the same whether the other end refused the connection or ended it,
 * and its log says nothing. So one more is opened, without a word, and closed again, by the rules that hold for the Worker.
 */
import { connect } from "cloudflare:sockets";
import { settleable } from "../../../runtime/run/settleable.ts";

/** How long to wait for the other end, in milliseconds. The error is as good as it was without. */
const LATE_MS = 1_000;

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** An error that says so; undefined when that is not known in time. */
export async function lossOf({ protocol, hostname, port }: URL): Promise<Error | undefined> {
  const at = `${hostname}:${port || DEFAULT_PORTS[protocol]}`;
  const socket = connect(at);
  // It ends as it likes.
  socket.closed.catch(() => undefined);
  const { promise: late, resolve } = settleable<undefined>();
  const timer = setTimeout(resolve, LATE_MS, undefined);
  try {
    const opened = socket.opened.then(
      () => `The connection was lost: ${at} ended it before there was an answer`,
      () => `The connection was refused: ${at} does not accept any`,
    );
    const why = await Promise.race([opened, late]);
    return why === undefined ? undefined : new Error(why);
  } finally {
    clearTimeout(timer);
    socket.close().catch(() => undefined);
  }
}
