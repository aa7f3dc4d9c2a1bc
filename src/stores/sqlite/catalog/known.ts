/**
 * What the process that has the database open knows of its catalogue besides the tables. Only this process deploys, so that it
 * knows of every change; others see to tokens and users.
 */
import type { HostName, Route } from "../../../ports/catalog/addresses.ts";
import type { CatalogChange } from "../../../ports/catalog/catalog.ts";
import type { ScriptVersion } from "../../../ports/catalog/script-versions.ts";
import type { Workflow } from "../../../ports/catalog/workflows.ts";
import type { Queries } from "../connection/queries.ts";

export class Known {
  /** The versions that serve requests, by script: read for each request to a Worker, and code may be megabytes. */
  readonly active: Map<string, ScriptVersion> = new Map();
  /** Where scripts can be reached: read for each request. */
  addresses: { hostNames?: readonly HostName[]; routes?: readonly Route[] } = {};
  /** Read for each instance that is created. */
  readonly workflows: Map<string, Workflow> = new Map();
  /** How often what decisions are made on has changed. */
  revision = 0;
  readonly #notices: ((change: CatalogChange) => void)[] = [];

  watch(notice: (change: CatalogChange) => void): void {
    this.#notices.push(notice);
  }

  tell(change: CatalogChange): void {
    for (const notice of this.#notices) notice(change);
  }

  /** These workflows were put or removed. */
  changed(workflows: readonly string[]): void {
    for (const name of workflows) this.workflows.delete(name);
    for (const name of workflows) this.tell({ workflow: name });
  }

  /** Statements that count as changes when they write. */
  counting(query: Queries): Queries {
    return {
      ...query,
      run: (...statement) => {
        this.revision += 1;
        return query.run(...statement);
      },
    };
  }
}
