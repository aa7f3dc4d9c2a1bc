/** The catalogue as plain maps, which remember in which order things came. */
import type { Catalog, CatalogChange } from "../../ports/catalog/catalog.ts";
import type { TokenRecord, UserRecord } from "../../ports/catalog/credentials.ts";
import type { Deployment, SpareVersions } from "../../ports/catalog/deployments.ts";
import type { Schedule } from "../../ports/catalog/schedules.ts";
import type { ScriptVersion, ScriptVersionInfo } from "../../ports/catalog/script-versions.ts";
import type { Slice } from "../../ports/catalog/slice.ts";
import type { NewWorkflowVersion, Workflow, WorkflowChange, WorkflowVersion } from "../../ports/catalog/workflows.ts";
import { MemoryResources } from "./resources.ts";

export class MemoryCatalog extends MemoryResources implements Catalog {
  readonly #workflows: Map<string, Workflow> = new Map();
  readonly #workflowVersions: Map<string, WorkflowVersion> = new Map();
  readonly #schedules: Map<string, Schedule> = new Map();
  readonly #scriptVersions: Map<string, ScriptVersion> = new Map();
  /** Version id to number; what is left of removed scripts has none. */
  readonly #numbers: Map<string, number> = new Map();
  #deployments: readonly Deployment[] = [];
  /** Version id to graph. */
  readonly #graphs: Map<string, string> = new Map();
  /** Script name to version id. */
  readonly #active: Map<string, string> = new Map();
  readonly #tokens: Map<string, TokenRecord> = new Map();
  readonly #users: Map<string, UserRecord> = new Map();
  readonly #settings: Map<string, string> = new Map();

  #notices: readonly ((change: CatalogChange) => void)[] = [];

  watch(notice: (change: CatalogChange) => void): void {
    this.#notices = [...this.#notices, notice];
  }

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

  async putWorkflow(workflow: Workflow, version: NewWorkflowVersion, graph?: string): Promise<void> {
    this.#put({ workflow, version, ...(graph !== undefined && { graph }) });
    this.#tell({ workflow: workflow.name });
  }

  #put({ workflow, version, graph }: WorkflowChange): void {
    this.#workflows.set(workflow.name, workflow);
    if (!this.#workflowVersions.has(version.id)) {
      this.#workflowVersions.set(version.id, { ...version, hasGraph: graph !== undefined });
      if (graph !== undefined) this.#graphs.set(version.id, graph);
    }
    const crons = (version.settings.schedules ?? []).map(({ cron }) => cron);
    this.#keepSchedules(workflow.name, crons);
    for (const cron of crons) {
      const key = scheduleKey(workflow.name, cron);
      if (this.#schedules.has(key)) continue;
      this.#schedules.set(key, { workflow: workflow.name, cron, followedTo: version.createdAt });
    }
  }

  async removeWorkflow(name: string): Promise<boolean> {
    const removed = this.#remove(name);
    this.#tell({ workflow: name });
    return removed;
  }

  #remove(name: string): boolean {
    for (const { id, workflow } of this.#workflowVersions.values()) {
      if (workflow !== name) continue;
      this.#workflowVersions.delete(id);
      this.#graphs.delete(id);
    }
    this.#keepSchedules(name, []);
    this.#sweep();
    return this.#workflows.delete(name);
  }

  /** Deletes what is left of removed scripts and not needed any more. */
  #sweep(): void {
    const needed = new Set([...this.#workflowVersions.values()].map(({ scriptVersionId }) => scriptVersionId));
    for (const id of this.#scriptVersions.keys()) if (!this.#numbers.has(id) && !needed.has(id)) this.#scriptVersions.delete(id);
  }

  async workflowsOf(script: string): Promise<Workflow[]> {
    return [...this.#workflows.values()].filter((each) => each.script === script).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #keepSchedules(of: string, crons: readonly string[]): void {
    for (const [key, { workflow, cron }] of this.#schedules)
      if (workflow === of && !crons.includes(cron)) this.#schedules.delete(key);
  }

  async schedules(): Promise<Schedule[]> {
    return [...this.#schedules.values()];
  }

  async followSchedule(workflow: string, cron: string, to: number): Promise<void> {
    const key = scheduleKey(workflow, cron);
    const schedule = this.#schedules.get(key);
    if (schedule !== undefined && schedule.followedTo < to) this.#schedules.set(key, { ...schedule, followedTo: to });
  }

  async workflowVersion(id: string): Promise<WorkflowVersion | undefined> {
    return this.#workflowVersions.get(id);
  }

  async workflowGraph(versionId: string): Promise<string | undefined> {
    return this.#graphs.get(versionId);
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
    await this.addScriptVersion(version);
    this.#active.set(version.script, version.id);
  }

  async addScriptVersion(version: ScriptVersion): Promise<void> {
    if (this.#scriptVersions.has(version.id)) return;
    const [newest] = this.#versionsOf(version.script);
    this.#scriptVersions.set(version.id, version);
    this.#numbers.set(version.id, (newest?.number ?? 0) + 1);
  }

  async scriptVersionInfo(id: string): Promise<ScriptVersionInfo | undefined> {
    const version = this.#scriptVersions.get(id);
    return version && this.#numbers.has(id) ? this.#info(version) : undefined;
  }

  async scriptVersions(script: string, offset: number, limit: number): Promise<Slice<ScriptVersionInfo>> {
    const items = this.#versionsOf(script);
    return { items: items.slice(offset, offset + limit), total: items.length };
  }

  #versionsOf(script: string): ScriptVersionInfo[] {
    const own = [...this.#scriptVersions.values()].filter((each) => each.script === script && this.#numbers.has(each.id));
    return own.map((version) => this.#info(version)).sort((a, b) => b.number - a.number);
  }

  #info({ code: _code, sourceMap: _map, modules: _modules, ...info }: ScriptVersion): ScriptVersionInfo {
    return { ...info, number: this.#numbers.get(info.id) ?? 0 };
  }

  async activate(deployment: Deployment, changes: readonly WorkflowChange[]): Promise<void> {
    this.#deployments = [deployment, ...this.#deployments];
    this.#active.set(deployment.script, deployment.versionId);
    for (const change of changes) this.#put(change);
    for (const { workflow } of changes) this.#tell({ workflow: workflow.name });
  }

  async deployments(script: string, offset: number, limit: number): Promise<Slice<Deployment>> {
    const items = this.#deployments.filter((each) => each.script === script);
    return { items: items.slice(offset, offset + limit), total: items.length };
  }

  async removeScript(name: string): Promise<boolean> {
    const own = await this.workflowsOf(name);
    for (const workflow of own) this.#keepSchedules(workflow.name, []);
    for (const { id } of this.#versionsOf(name)) this.#numbers.delete(id);
    this.#sweep();
    this.#deployments = this.#deployments.filter(({ script }) => script !== name);
    const removed = this.#active.delete(name);
    if (removed) for (const workflow of own) this.#tell({ workflow: workflow.name });
    return removed;
  }

  async spareVersions(keep: number): Promise<SpareVersions> {
    const inForce = this.#inForce();
    const ofWorkflows = await Promise.all([...this.#workflows.keys()].map((name) => this.workflowVersions(name, keep, Infinity)));
    const scripts = new Set([...this.#scriptVersions.values()].map(({ script }) => script));
    const ofScripts = [...scripts].flatMap((script) => this.#versionsOf(script).slice(keep));
    const left = [...this.#scriptVersions.keys()].filter((id) => !this.#numbers.has(id));
    const spare = (ids: readonly string[]): string[] => ids.filter((id) => !inForce.has(id));
    return {
      workflowVersions: spare(ofWorkflows.flatMap(({ items }) => items.map(({ id }) => id))),
      scriptVersions: spare([...ofScripts.map(({ id }) => id), ...left]),
    };
  }

  async removeVersions({ workflowVersions, scriptVersions }: SpareVersions): Promise<void> {
    const inForce = this.#inForce();
    for (const id of [...workflowVersions, ...scriptVersions]) {
      if (inForce.has(id)) continue;
      this.#workflowVersions.delete(id);
      this.#graphs.delete(id);
      this.#scriptVersions.delete(id);
      this.#numbers.delete(id);
      this.#deployments = this.#deployments.filter(({ versionId }) => versionId !== id);
    }
    this.#sweep();
  }

  /** Ids of versions of workflows and of scripts. */
  #inForce(): ReadonlySet<string | undefined> {
    const newest = [...this.#workflows.values()].map(({ versionId }) => versionId);
    const code = newest.map((id) => this.#workflowVersions.get(id)?.scriptVersionId);
    return new Set([...newest, ...code, ...this.#active.values()]);
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

  async users(): Promise<UserRecord[]> {
    return [...this.#users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async putUser(user: UserRecord): Promise<void> {
    this.#users.set(user.name, user);
  }

  async removeUser(name: string): Promise<boolean> {
    return this.#users.delete(name);
  }

  async setting(name: string): Promise<string | undefined> {
    return this.#settings.get(name);
  }

  async putSetting(name: string, json: string): Promise<void> {
    this.#settings.set(name, json);
    this.#tell({ setting: name });
  }

  #tell(change: CatalogChange): void {
    for (const notice of this.#notices) notice(change);
  }

  async changeSetting(name: string, change: (json: string | undefined) => string): Promise<void> {
    this.#settings.set(name, change(this.#settings.get(name)));
    this.#tell({ setting: name });
  }
}

/** No name of a workflow has a space in it. */
function scheduleKey(workflow: string, cron: string): string {
  return `${workflow} ${cron}`;
}

/** Newest first; of two of the same moment, the one that came later. */
function slice<T extends { readonly createdAt: number }>(items: readonly T[], offset: number, limit: number): Slice<T> {
  const newestFirst = items.toReversed().sort((a, b) => b.createdAt - a.createdAt);
  return { items: newestFirst.slice(offset, offset + limit), total: items.length };
}
