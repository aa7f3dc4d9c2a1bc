/**
 * Workers as the newer API has them: a Worker is there before its first version. Those without one are a small document in the
 * catalogue; all others are scripts, and a Worker's id is its name.
 */
import { Failure } from "../../../model/failures/failure.ts";
import { iso } from "../../../model/time/calendar.ts";
import { referencesTo } from "../../../workers/versions/references.ts";
import type { Api } from "../../endpoint/endpoint.ts";
import { scriptSettings } from "./settings-document.ts";

/** A Worker that was made before it had a version. Times are epoch milliseconds. */
interface Made {
  readonly name: string;
  readonly createdAt: number;
}

const MADE = "workers";

function parse(json: string | undefined): readonly Made[] {
  return json === undefined ? [] : (JSON.parse(json) as Made[]);
}

/** Remembers a Worker. Fails with `script.already_exists`. */
export async function make(api: Api, name: string): Promise<void> {
  if ((await times(api, name)) !== undefined) throw new Failure("script.already_exists", { field: "name" });
  const made: Made = { name, createdAt: api.clock.now() };
  await api.catalog.changeSetting(MADE, (json) => JSON.stringify([...parse(json).filter((each) => each.name !== name), made]));
}

/** Forgets it; false when it was not made in this way. */
export async function unmake({ catalog }: Pick<Api, "catalog">, name: string): Promise<boolean> {
  let wasThere = false;
  await catalog.changeSetting(MADE, (json) => {
    const before = parse(json);
    const left = before.filter((each) => each.name !== name);
    wasThere = left.length < before.length;
    return JSON.stringify(left);
  });
  return wasThere;
}

/** Names of all Workers, in order. */
export async function workerNames({ catalog }: Pick<Api, "catalog">): Promise<string[]> {
  const made = parse(await catalog.setting(MADE)).map(({ name }) => name);
  return [...new Set([...(await catalog.scriptNames()), ...made])].sort();
}

interface Times {
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deployedAt: number | undefined;
}

async function times({ catalog }: Pick<Api, "catalog">, name: string): Promise<Times | undefined> {
  const made = parse(await catalog.setting(MADE)).find((each) => each.name === name);
  const { items, total } = await catalog.scriptVersions(name, 0, 1);
  const [newest] = items;
  const [oldest = newest] = total > 1 ? (await catalog.scriptVersions(name, total - 1, 1)).items : [];
  const createdAt = made?.createdAt ?? oldest?.createdAt;
  if (createdAt === undefined) return undefined;
  const [deployment] = (await catalog.deployments(name, 0, 1)).items;
  const deployedAt = deployment?.createdAt;
  return { createdAt, updatedAt: Math.max(createdAt, newest?.createdAt ?? 0, deployedAt ?? 0), deployedAt };
}

/** Fails with `script.not_found`. */
export async function checkWorker(api: Pick<Api, "catalog">, name: string): Promise<void> {
  if ((await times(api, name)) === undefined) throw new Failure("script.not_found", { field: "worker_id" });
}

/** Where the Worker is, seen from a request. */
function placeOf(script: string, request: Request): string {
  const { protocol, port } = new URL(request.url);
  return `${protocol}//${script}.localhost${port === "" ? "" : `:${port}`}`;
}

/** A Worker, as Cloudflare shows it. Fails with `script.not_found`. */
export async function showWorker(api: Api, name: string, request: Request): Promise<object> {
  const of = await times(api, name);
  if (of === undefined) throw new Failure("script.not_found", { field: "worker_id" });
  const { tags = [], logpush = false, observability, tail_consumers: consumers, subdomain } = await scriptSettings(api, name);
  return {
    id: name,
    name,
    created_on: iso(of.createdAt),
    updated_on: iso(of.updatedAt),
    deployed_on: of.deployedAt === undefined ? null : iso(of.deployedAt),
    tags,
    logpush,
    observability: { enabled: false, head_sampling_rate: 1, ...(observability as object | undefined) },
    tail_consumers: consumers ?? [],
    subdomain: { enabled: false, previews_enabled: false, ...subdomain, url: placeOf(name, request) },
    references: await references(api, name),
  };
}

async function references(api: Api, name: string): Promise<object> {
  const incoming = await referencesTo(api.catalog, name);
  const of = (type: string): string[] => [...new Set(incoming.flatMap((each) => (each.type === type ? [each.script] : [])))];
  return {
    dispatch_namespace_outbounds: [],
    domains: api.hostNames
      .list(name)
      .map(({ hostName }) => ({ id: hostName, hostname: hostName, zone_id: "", zone_name: "", certificate_id: "" })),
    durable_objects: of("durable_object_namespace").map((worker) => ({
      namespace_id: "",
      namespace_name: "",
      worker_id: worker,
      worker_name: worker,
    })),
    queues: api.queues
      .list()
      .flatMap(({ id, name: queue, consumer }) =>
        consumer?.type === "worker" && consumer.script === name
          ? [{ queue_id: id, queue_name: queue, queue_consumer_id: consumer.id }]
          : [],
      ),
    workers: of("service").map((worker) => ({ id: worker, name: worker })),
  };
}
