/** One instance: its status, why it waits, and its history. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { instanceQuery } from "../api/queries.ts";
import { Problem } from "../ui/problem.tsx";
import { Status } from "../ui/status.tsx";
import { Moment, Span } from "../ui/time.tsx";
import { Value } from "../ui/value.tsx";
import { Actions } from "./actions.tsx";
import { Detail } from "./detail.tsx";
import { Failure } from "./failure.tsx";
import { useKeys } from "./keys.ts";
import { PrintTable, usePrinting } from "./print.tsx";
import { keyOf, type Entry, type Timeline } from "./timeline.ts";
import { useTimeline } from "./use-timeline.ts";
import { Waiting } from "./waiting.tsx";
import { Waterfall } from "./waterfall.tsx";

const route = getRouteApi("/workflows/$workflow/instances/$id");

const GraphView = lazy(() => import("../graph/view.tsx"));

export default function InstancePage() {
  const { workflow, id } = route.useParams();
  const { timeline, error, again } = useTimeline(workflow, id);
  const printing = usePrinting();
  if (error !== null) return <Problem cause={error} retry={again} />;
  if (timeline === undefined) return <p className="text-quiet">Reading {id}…</p>;
  return (
    <div className="flex flex-col gap-4">
      <Header timeline={timeline} />
      <Actions timeline={timeline} />
      <Waiting timeline={timeline} />
      {timeline.error && <Failure error={timeline.error} />}
      {printing ? <PrintTable steps={timeline.steps} /> : <Views key={`${workflow}/${id}`} timeline={timeline} />}
      <Values timeline={timeline} />
    </div>
  );
}

const VIEWS = { waterfall: "Waterfall", graph: "Graph", both: "Side by side" } as const;

/** The pictures, of which one choice is shown in each, and what has been chosen. */
function Views({ timeline }: { readonly timeline: Timeline }) {
  const { step, view = "waterfall" } = route.useSearch();
  const navigate = route.useNavigate();
  const { steps } = timeline;
  const at = useMemo(() => (step === undefined ? -1 : steps.findIndex((entry) => keyOf(entry) === step)), [steps, step]);
  const chosen = steps[at];
  const choose = (entry: Entry | undefined): void =>
    void navigate({
      search: (before) => ({ ...before, step: entry && keyOf(entry) }),
      replace: true,
      resetScroll: false,
    });
  const beside = (by: 1 | -1) => (steps[at + by] === undefined || at < 0 ? undefined : () => choose(steps[at + by]));
  useKeys({ "[": () => beside(-1)?.(), "]": () => beside(1)?.(), Escape: () => choose(undefined) });
  return (
    <>
      <nav aria-label="View" className="no-print flex gap-4">
        {(Object.keys(VIEWS) as (keyof typeof VIEWS)[]).map((each) => (
          <Link
            key={each}
            from={route.id}
            to="."
            resetScroll={false}
            search={{ step, view: each === "waterfall" ? undefined : each }}
            activeOptions={{ includeSearch: true, explicitUndefined: true }}
            className={`border-b-2 border-transparent pb-0.5 [&.active]:border-accent [&.active]:font-semibold ${each === "both" ? "max-lg:hidden" : ""}`}
          >
            {VIEWS[each]}
          </Link>
        ))}
      </nav>
      <div className={`grid items-start gap-4 ${chosen === undefined ? "" : "xl:grid-cols-[minmax(0,1fr)_26rem]"}`}>
        <div className={`grid min-w-0 items-start gap-4 ${view === "both" ? "lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]" : ""}`}>
          {view !== "graph" && <Waterfall timeline={timeline} chosen={chosen} onChoose={choose} />}
          {view !== "waterfall" && (
            <Suspense fallback={<div className="h-64" />}>
              <GraphView timeline={timeline} chosen={chosen} onChoose={choose} />
            </Suspense>
          )}
        </div>
        {chosen && (
          <Detail
            key={step}
            timeline={timeline}
            entry={chosen}
            onPrevious={beside(-1)}
            onNext={beside(1)}
            onClose={() => choose(undefined)}
          />
        )}
      </div>
    </>
  );
}

function Header({ timeline }: { readonly timeline: Timeline }) {
  const { id, status, trigger, schedule, version_id: version, queued, start, end, expires, steps } = timeline;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ["Created", <Moment at={queued} />],
    ["Queued for", <Span from={queued} to={start ?? end} />],
    ["Ran for", <Span from={start} to={end} />],
    ["Steps", steps.length.toLocaleString()],
    ["Started by", schedule === undefined ? trigger.source : `${trigger.source} (${schedule.cron})`],
    [
      "Version",
      <code className="font-mono" title={version}>
        {version.slice(0, 8)}
      </code>,
    ],
    ...(timeline.rollback === null
      ? []
      : [["Rolled back", timeline.rollback.outcome === "complete" ? "completely" : "in part"] as const]),
    ...(expires === null ? [] : [["Deleted", <Moment at={expires} />] as const]),
  ];
  return (
    <header className="flex flex-col gap-2">
      <div className="flex flex-wrap items-baseline gap-4">
        <h1 className="font-mono text-lg font-semibold break-all">{id}</h1>
        <span role="status">
          <Status status={status} />
        </span>
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="flex gap-1.5">
            <dt className="text-quiet">{name}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

/** What it was given, and what it returned. */
function Values({ timeline: { workflow, id, status } }: { readonly timeline: Timeline }) {
  const { data, refetch } = useQuery(instanceQuery(workflow, id));
  useEffect(() => void refetch(), [status, refetch]);
  if (data === undefined) return null;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Value label="Params" value={data.params} />
      {data.output !== null && <Value label="Output" value={data.output} />}
    </div>
  );
}
