/** Which versions of a script there are. */
import { Failure } from "../../model/failures/failure.ts";
import type { Deployments } from "../../ports/catalog/deployments.ts";
import type { ScriptVersionInfo } from "../../ports/catalog/script-versions.ts";
import type { Workers } from "../../ports/catalog/workers.ts";

/** The version of a script that is active; undefined when there is none. */
export async function findActive(catalog: Deployments, script: string): Promise<ScriptVersionInfo | undefined> {
  const [deployment] = (await catalog.deployments(script, 0, 1)).items;
  return deployment && catalog.scriptVersionInfo(deployment.versionId);
}

/** The version of a script that is active. Fails with `script.not_found`. */
export async function activeVersion(catalog: Deployments, script: string): Promise<ScriptVersionInfo> {
  return (await findActive(catalog, script)) ?? notFound("script_name");
}

/** The version that was stored last, active or not. Fails with `script.not_found`. */
export async function newestVersion(catalog: Deployments, script: string): Promise<ScriptVersionInfo> {
  const [newest] = (await catalog.scriptVersions(script, 0, 1)).items;
  return newest ?? notFound("script_name");
}

/** When a Worker was made and changed, in epoch milliseconds. */
export interface WorkerTimes {
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deployedAt: number | undefined;
}

/** The times of a Worker, which is there before its first version; undefined when there is none. */
export async function workerTimes(catalog: Deployments & Workers, name: string): Promise<WorkerTimes | undefined> {
  const made = (await catalog.madeWorkers()).find((each) => each.name === name);
  const { items, total } = await catalog.scriptVersions(name, 0, 1);
  const [newest] = items;
  const [oldest = newest] = total > 1 ? (await catalog.scriptVersions(name, total - 1, 1)).items : [];
  const createdAt = made?.createdAt ?? oldest?.createdAt;
  if (createdAt === undefined) return undefined;
  const [deployment] = (await catalog.deployments(name, 0, 1)).items;
  const deployedAt = deployment?.createdAt;
  return { createdAt, updatedAt: Math.max(createdAt, newest?.createdAt ?? 0, deployedAt ?? 0), deployedAt };
}

/** Fails with `script.not_found` when there is no Worker of this name, with a version or without one. */
export async function checkWorker(catalog: Deployments & Workers, name: string): Promise<void> {
  if ((await workerTimes(catalog, name)) === undefined) notFound("worker_id");
}

function notFound(field: string): never {
  throw new Failure("script.not_found", { field });
}
