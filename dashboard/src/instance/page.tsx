/** One instance: where it stands, why, and everything that happened in it. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { followInstance } from "../api/live.ts";
import { instanceQuery, queryClient, timelineQuery } from "../api/queries.ts";
import { Problem } from "../ui/problem.tsx";
import { isFinal, Status } from "../ui/status.tsx";
import { Moment, Span } from "../ui/time.tsx";
import { Value } from "../ui/value.tsx";
import { Actions } from "./actions.tsx";
import { Detail, Failure } from "./detail.tsx";
import { advance, beginsAnew, type Timeline } from "./timeline.ts";
import { Waiting } from "./waiting.tsx";
import { Waterfall } from "./waterfall.tsx";

const route = getRouteApi("/workflows/$workflow/instances/$id");

const GraphView = lazy(() => import("../graph/view.tsx"));

export default function InstancePage() {
  const { workflow, id } = route.useParams();
  const { step, view } = route.useSearch();
  const navigate = route.useNavigate();
  const { timeline, error, again } = useTimeline(workflow, id);
  if (error !== null) return <Problem cause={error} retry={again} />;
  if (timeline === undefined) return <p className="text-quiet">Reading {id}…</p>;
  const chosen = step === undefined ? undefined : timeline.steps.find(({ name }) => name === step);
  const choose = (name: string | undefined): void => void navigate({ search: { step: name, view }, replace: true });
  return (
    <div className="flex flex-col gap-4">
      <Header timeline={timeline} />
      <Actions timeline={timeline} />
      <Waiting timeline={timeline} />
      {timeline.error && <Failure error={timeline.error} />}
      <nav aria-label="View" className="no-print flex gap-4">
        {(["waterfall", "graph"] as const).map((each) => (
          <Link
            key={each}
            from={route.id}
            to="."
            search={{ step, view: each === "graph" ? "graph" : undefined }}
            activeOptions={{ includeSearch: true, explicitUndefined: true }}
            className="border-b-2 border-transparent pb-0.5 capitalize [&.active]:border-accent [&.active]:font-semibold"
          >
            {each}
          </Link>
        ))}
      </nav>
      <div className={`grid items-start gap-4 ${chosen === undefined ? "" : "lg:grid-cols-[minmax(0,1fr)_26rem]"}`}>
        {view === "graph" ? (
          <Suspense fallback={<div className="h-64" />}>
            <GraphView timeline={timeline} chosen={step} onChoose={choose} />
          </Suspense>
        ) : (
          <Waterfall timeline={timeline} chosen={step} onChoose={({ name }) => choose(name)} />
        )}
        {chosen && <Detail timeline={timeline} entry={chosen} onClose={() => choose(undefined)} />}
      </div>
      <Values timeline={timeline} />
    </div>
  );
}

/** The timeline, kept up to date for as long as the instance goes on. */
function useTimeline(workflow: string, id: string) {
  const query = timelineQuery(workflow, id);
  const { data, error, refetch } = useQuery(query);
  const [timeline, setTimeline] = useState<Timeline>();
  const read = data as Timeline | undefined;

  useEffect(() => {
    if (read === undefined) return;
    setTimeline(read);
    if (isFinal(read.status)) return;
    let known = read;
    return followInstance(workflow, id, read.cursor, (events) => {
      if (beginsAnew(known, events)) return void queryClient.invalidateQueries({ queryKey: query.queryKey });
      known = advance(known, events);
      setTimeline(known);
      // Read again once more: when it will be deleted, only the server knows.
      if (isFinal(known.status)) void queryClient.invalidateQueries({ queryKey: query.queryKey });
    });
    // The key says which instance it is; the rest of the query is made anew each time.
  }, [read, workflow, id]);

  return { timeline: timeline ?? read, error: data === undefined ? error : null, again: () => void refetch() };
}

function Header({ timeline }: { readonly timeline: Timeline }) {
  const { workflow, id, status, trigger, schedule, version_id: version, queued, start, end, expires, steps } = timeline;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ["Created", <Moment at={queued} />],
    ["Queued for", <Span from={queued} to={start ?? end} />],
    ["Ran for", <Span from={start} to={end} />],
    ["Steps", steps.length.toLocaleString()],
    ["Started by", schedule === undefined ? trigger.source : `${trigger.source} (${schedule.cron})`],
    ["Version", <code className="font-mono">{version.slice(0, 8)}</code>],
    ...(expires === null ? [] : [["Deleted", <Moment at={expires} />] as const]),
  ];
  return (
    <header className="flex flex-col gap-2">
      <nav aria-label="Where this is" className="text-quiet">
        <Link to="/workflows/$workflow" params={{ workflow }} className="plain">
          {workflow}
        </Link>{" "}
        /
      </nav>
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
    <div className="grid gap-4 lg:grid-cols-2">
      <Value label="Params" value={data.params} />
      {data.output !== null && <Value label="Output" value={data.output} />}
    </div>
  );
}
