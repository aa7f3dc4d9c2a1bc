/** KV, D1 and R2 of a test file: kept by a workerd of its own, which is started by their first use, and forgotten at the end. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stub } from "../bindings/stub.ts";
import { stubTo } from "../executors/workerd/storage/bindings.ts";
import { StorageProcess } from "../executors/workerd/storage/process.ts";
import type { StorageScope } from "../ports/storage.ts";

export class TestStorage {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "stepwell-vitest-"));
  readonly #process: StorageProcess = new StorageProcess(this.#folder);
  readonly #used: Map<string, StorageScope> = new Map();

  /** A namespace, a database or a bucket. */
  stub(scope: StorageScope): Stub {
    return stubTo(scope, async (of, request) => {
      this.#used.set(`${of.type} ${of.id}`, of);
      await this.#process.open();
      return this.#process.fetch(of, request);
    });
  }

  /** Deletes all that has been kept. */
  async reset(): Promise<void> {
    for (const scope of this.#used.values()) await this.#process.forget(scope);
    this.#used.clear();
  }

  async close(): Promise<void> {
    await this.#process.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
