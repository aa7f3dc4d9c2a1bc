/** All workflows: what each is doing, and what it comes from. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { workflowsQuery } from "../api/queries.ts";
import type { InstanceStatus } from "../api/types.ts";
import { Command } from "../ui/copy.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { STATUSES } from "../ui/status.tsx";
import { Moment } from "../ui/time.tsx";

const route = getRouteApi("/");

/** In the order in which people look for trouble. */
const COUNTED: readonly InstanceStatus[] = [
  "errored",
  "running",
  "waiting",
  "queued",
  "paused",
  "waitingForPause",
  "rollingBack",
  "complete",
  "terminated",
];

export default function WorkflowsPage() {
  const { search = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery({ ...workflowsQuery(search), refetchInterval: 2_000 });
  if (error !== null && data === undefined) return <Problem cause={error} retry={() => void refetch()} />;
  const workflows = data?.result ?? [];
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-lg font-semibold">Workflows</h1>
        <input
          type="search"
          aria-label="Find a workflow by its name"
          placeholder="Find by name"
          defaultValue={search}
          onChange={(event) => void navigate({ search: { search: event.target.value || undefined }, replace: true })}
          className="rounded-md border border-line bg-panel px-2.5 py-1"
        />
      </div>
      {data !== undefined && workflows.length === 0 && (search === "" ? <NoWorkflows /> : <p>No workflow is called that.</p>)}
      <ul className="grid gap-3 [grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))]">
        {workflows.map(({ id, name, class_name: className, script_name: script, triggered_on: triggered, instances }) => (
          <li key={id} className="relative flex flex-col gap-2 rounded-lg border border-line bg-panel p-4 hover:border-quiet">
            <h2 className="text-base font-semibold">
              <Link to="/workflows/$workflow" params={{ workflow: name }} className="after:absolute after:inset-0">
                {name}
              </Link>
            </h2>
            <p className="text-quiet">
              {className} in {script} · last started <Moment at={triggered ?? null} />
            </p>
            <Counts workflow={name} counts={instances as Partial<Record<InstanceStatus, number>>} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Counts({ workflow, counts }: { readonly workflow: string; readonly counts: Partial<Record<InstanceStatus, number>> }) {
  const shown = COUNTED.filter((status) => (counts[status] ?? 0) > 0);
  if (shown.length === 0) return <p className="text-quiet">No instances yet</p>;
  return (
    <ul className="relative flex flex-wrap gap-x-4 gap-y-1">
      {shown.map((status) => (
        <li key={status}>
          <Link
            to="/workflows/$workflow"
            params={{ workflow }}
            search={{ status }}
            className={`plain tabular-nums ${STATUSES[status].colour}`}
          >
            {STATUSES[status].sign} {(counts[status] ?? 0).toLocaleString()} {STATUSES[status].word.toLowerCase()}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NoWorkflows() {
  return (
    <Empty title="No workflows are deployed">
      <p>Deploy a Worker that has some. In its folder:</p>
      <Command
        text={`export CLOUDFLARE_API_BASE_URL=${location.origin}/client/v4 CLOUDFLARE_ACCOUNT_ID=local CLOUDFLARE_API_TOKEN=…\nnpx wrangler deploy`}
      />
    </Empty>
  );
}
