/**
 * The answer of a script that continues as a WebSocket. Its headers complete the handshake; afterwards the two ends exchange
 * frames over `wire`, and the server copies bytes without reading them.
 */
export class Upgraded extends Response {
  readonly wire: NodeJS.ReadWriteStream & { destroy(): void };

  constructor(wire: Upgraded["wire"], headers: Headers) {
    // 101 is no status that a `Response` may have.
    super(null, { headers });
    this.wire = wire;
  }
}
