/** All workflows, with their activity and their script. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { InstanceStatus } from "../api/types.ts";
import { Command } from "../ui/copy.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { STATUSES } from "../ui/status.tsx";
import { Moment } from "../ui/time.tsx";
import { workflowsQuery, type Overview } from "./queries.ts";
import { DayText, Sparkline } from "./sparkline.tsx";

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
  const { data, error, refetch } = useQuery(workflowsQuery(search));
  if (error !== null && data === undefined) return <Problem cause={error} retry={() => void refetch()} />;
  const workflows = data?.result ?? [];
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-lg font-semibold">Workflows</h1>
        <input
          type="search"
          aria-label="Find a workflow by name"
          placeholder="Find by name"
          defaultValue={search}
          onChange={(event) => void navigate({ search: { search: event.target.value || undefined }, replace: true })}
          className="rounded-md border border-line bg-panel px-2.5 py-1"
        />
      </div>
      {data !== undefined && workflows.length === 0 && (search === "" ? <NoWorkflows /> : <p>No matching workflows.</p>)}
      <ul aria-label="Workflows" className="divide-y divide-line rounded-lg border border-line bg-panel empty:hidden">
        {workflows.map((workflow) => (
          <Row key={workflow.id} workflow={workflow} />
        ))}
      </ul>
    </div>
  );
}

function Row({ workflow }: { readonly workflow: Overview }) {
  const { name, class_name: className, script_name: script, version_id: version, next_schedule: next, throughput } = workflow;
  return (
    <li className="relative grid items-center gap-x-6 gap-y-2 px-4 py-3 hover:bg-line/30 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] xl:grid-cols-[minmax(14rem,1fr)_minmax(0,2fr)_15rem_11rem]">
      <div className="min-w-0">
        <h2 className="truncate text-base font-semibold">
          <Link to="/workflows/$workflow" params={{ workflow: name }} className="after:absolute after:inset-0">
            {name}
          </Link>
        </h2>
        <p className="truncate text-quiet">
          {className} in {script}
          {workflow.script_deleted && <span className="text-bad"> (deleted)</span>}
        </p>
      </div>
      <Counts workflow={name} counts={workflow.instances} />
      <div className="min-w-0">
        <Sparkline hours={throughput} />
        <DayText hours={throughput} />
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-quiet">
        <dt>Version</dt>
        <dd className="truncate font-mono text-xs leading-5 text-text" title={version}>
          {version}
        </dd>
        <dt>Next</dt>
        <dd className="text-text" title={next?.cron}>
          {next === null ? <span className="text-quiet">no schedule</span> : <Moment at={next.at} />}
        </dd>
      </dl>
    </li>
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
      <p>Deploy a Worker with workflows. In its folder:</p>
      <Command
        text={`export CLOUDFLARE_API_BASE_URL=${location.origin}/client/v4 CLOUDFLARE_ACCOUNT_ID=local CLOUDFLARE_API_TOKEN=…\nnpx wrangler deploy`}
      />
    </Empty>
  );
}
