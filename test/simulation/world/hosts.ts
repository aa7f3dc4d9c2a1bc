/** The executor of a simulation: it opens simulated hosts, now and then not the next one. */
import { Failure } from "../../../src/model/failures/failure.ts";
import type { ScriptVersion } from "../../../src/ports/catalog/script-versions.ts";
import type { BindingHandler, Executor, Host } from "../../../src/ports/executor.ts";
import { Owner, type Channel } from "./agenda.ts";
import { SimulatedHost, type HostFault, type HostsParts } from "./host.ts";

/** Opens the hosts of one server. */
export class SimulatedHosts implements Executor {
  readonly name = "simulated";
  readonly #parts: HostsParts;
  readonly #server: Owner;
  readonly #open: Set<SimulatedHost> = new Set();
  readonly #door: Channel;
  #refusals = 0;
  #opened = 0;

  constructor(parts: HostsParts, server: Owner) {
    this.#parts = parts;
    this.#server = server;
    this.#door = parts.agenda.channel(server);
  }

  /** Makes one of the hosts fail; where there is none, the next one does not open. */
  fail(fault: HostFault): void {
    const host = this.#parts.random.pick([...this.#open]);
    if (fault === "refuses" || host === undefined) this.#refusals += 1;
    else host.fail(fault);
  }

  open(version: ScriptVersion, bindings: BindingHandler): Promise<Host> {
    const { promise, resolve, reject } = Promise.withResolvers<Host>();
    this.#door.post(
      () => {
        if (this.#refusals > 0) {
          this.#refusals -= 1;
          return reject(new Failure("script.unavailable"));
        }
        this.#opened += 1;
        const host = new SimulatedHost(
          this.#parts,
          new Owner(`${this.#server.name} host ${this.#opened}`, this.#server),
          this.#server,
        );
        host.load(version, bindings);
        this.#open.add(host);
        void host.ended.then(() => this.#open.delete(host));
        resolve(host);
      },
      this.#parts.random.next() * this.#parts.latencyMs * 5,
    );
    return promise;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((host) => host.close()));
  }
}
