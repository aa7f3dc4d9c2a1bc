/** The catalogue as plain maps, which remember in which order things came. */
import type { Catalog, ScriptVersion, Slice, TokenRecord, Workflow, WorkflowVersion } from "../../ports/catalog.ts";

export class MemoryCatalog implements Catalog {
  readonly #workflows: Map<string, Workflow> = new Map();
  readonly #workflowVersions: Map<string, WorkflowVersion> = new Map();
  readonly #scriptVersions: Map<string, ScriptVersion> = new Map();
  /** Script name to version id. */
  readonly #active: Map<string, string> = new Map();
  readonly #tokens: Map<string, TokenRecord> = new Map();
  readonly #settings: Map<string, string> = new Map();

  async workflow(name: string): Promise<Workflow | undefined> {
    return this.#workflows.get(name);
  }

  async workflows({ search = "", offset, limit }: { search?: string; offset: number; limit: number }): Promise<Slice<Workflow>> {
    return slice(
      [...this.#workflows.values()].filter(({ name }) => name.includes(search)),
      offset,
      limit,
    );
  }

  async putWorkflow(workflow: Workflow, version: WorkflowVersion): Promise<void> {
    this.#workflows.set(workflow.name, workflow);
    if (!this.#workflowVersions.has(version.id)) this.#workflowVersions.set(version.id, version);
  }

  async removeWorkflow(name: string): Promise<boolean> {
    for (const { id, workflow } of this.#workflowVersions.values()) if (workflow === name) this.#workflowVersions.delete(id);
    return this.#workflows.delete(name);
  }

  async workflowVersion(id: string): Promise<WorkflowVersion | undefined> {
    return this.#workflowVersions.get(id);
  }

  async workflowVersions(workflow: string, offset: number, limit: number): Promise<Slice<WorkflowVersion>> {
    return slice(
      [...this.#workflowVersions.values()].filter((version) => version.workflow === workflow),
      offset,
      limit,
    );
  }

  async activeScript(script: string): Promise<ScriptVersion | undefined> {
    const id = this.#active.get(script);
    return id === undefined ? undefined : this.#scriptVersions.get(id);
  }

  async scriptNames(): Promise<string[]> {
    return [...this.#active.keys()].sort();
  }

  async scriptVersion(id: string): Promise<ScriptVersion | undefined> {
    return this.#scriptVersions.get(id);
  }

  async putScriptVersion(version: ScriptVersion): Promise<void> {
    if (!this.#scriptVersions.has(version.id)) this.#scriptVersions.set(version.id, version);
    this.#active.set(version.script, version.id);
  }

  async tokens(): Promise<TokenRecord[]> {
    return [...this.#tokens.values()].sort((a, b) => a.createdAt - b.createdAt);
  }

  async putToken(token: TokenRecord): Promise<void> {
    this.#tokens.set(token.id, token);
  }

  async removeToken(id: string): Promise<boolean> {
    return this.#tokens.delete(id);
  }

  async setting(name: string): Promise<string | undefined> {
    return this.#settings.get(name);
  }

  async putSetting(name: string, json: string): Promise<void> {
    this.#settings.set(name, json);
  }
}

/** Newest first; of two of the same moment, the one that came later. */
function slice<T extends { readonly createdAt: number }>(items: readonly T[], offset: number, limit: number): Slice<T> {
  const newestFirst = items.toReversed().sort((a, b) => b.createdAt - a.createdAt);
  return { items: newestFirst.slice(offset, offset + limit), total: items.length };
}
