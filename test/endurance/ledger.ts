/** What user code did, reported by itself to the outside: a line for each attempt, posted before the attempt ends. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** An attempt of a step. */
export interface Line {
  readonly step: string;
  readonly token: string;
}

export class Ledger {
  readonly #server: Server;
  /** By instance, in the order in which they came. */
  readonly #lines: Map<string, Line[]> = new Map();

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (text += chunk));
      request.once("end", () => {
        const [id = "", step = "", token = ""] = text.split(" ");
        const lines = this.#lines.get(id);
        if (lines === undefined) this.#lines.set(id, [{ step, token }]);
        else lines.push({ step, token });
        response.end();
      });
    });
  }

  static async open(): Promise<Ledger> {
    const ledger = new Ledger();
    ledger.#server.listen(0, "127.0.0.1");
    await once(ledger.#server, "listening");
    return ledger;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  of(id: string): readonly Line[] {
    return this.#lines.get(id) ?? [];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
