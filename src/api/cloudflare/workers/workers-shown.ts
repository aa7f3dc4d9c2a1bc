/** Workers as the newer API shows them: a Worker is there before its first version, and its id is its name. */
import { Failure } from "../../../model/failures/failure.ts";
import { iso } from "../../../model/time/calendar.ts";
import { referencesTo } from "../../../workers/versions/references.ts";
import type { Api } from "../../endpoint/endpoint.ts";
import { workerTimes } from "../../../workers/versions/scripts.ts";

/** Names of all Workers, in order. */
export async function workerNames({ catalog }: Pick<Api, "catalog">): Promise<string[]> {
  const made = (await catalog.madeWorkers()).map(({ name }) => name);
  return [...new Set([...(await catalog.scriptNames()), ...made])].sort();
}

/** Where the Worker is, seen from a request. */
function placeOf(script: string, request: Request): string {
  const { protocol, port } = new URL(request.url);
  return `${protocol}//${script}.localhost${port === "" ? "" : `:${port}`}`;
}

/** A Worker, as Cloudflare shows it. Fails with `script.not_found`. */
export async function showWorker(api: Api, name: string, request: Request): Promise<object> {
  const of = await workerTimes(api.catalog, name);
  if (of === undefined) throw new Failure("script.not_found", { field: "worker_id" });
  const {
    tags = [],
    logpush = false,
    observability,
    tail_consumers: consumers,
    subdomain,
  } = await api.catalog.scriptSettings(name);
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
    domains: (await api.hostNames.list(name)).map(({ hostName }) => ({
      id: hostName,
      hostname: hostName,
      zone_id: "",
      zone_name: "",
      certificate_id: "",
    })),
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
