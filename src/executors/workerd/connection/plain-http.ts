/**
 * HTTP between this process and those of workerd, as Node had it when this was loaded. Tests replace `http.request` to answer
 * requests themselves, as MSW does; ours are not meant.
 */
import http, { request } from "node:http";
import { WebSocket, type ClientOptions } from "ws";

/** Node's own: a replacement that comes later does not change it. */
export const plainRequest: typeof request = request;

/** A WebSocket to one of our processes. */
export function plainSocket(url: string, options: ClientOptions): WebSocket {
  const { request: now } = http;
  if (now === plainRequest) return new WebSocket(url, options);
  // The constructor sends the handshake, with what it finds there at that moment.
  Object.assign(http, { request: plainRequest });
  try {
    return new WebSocket(url, options);
  } finally {
    Object.assign(http, { request: now });
  }
}
