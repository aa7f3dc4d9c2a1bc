/** The instances of a workflow: filtered by the URL, loaded page by page, updated live. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { workflowQuery } from "../api/queries.ts";
import { LIVE_PAGES, useWorkflowEvents } from "../api/live.ts";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Command } from "../ui/copy.tsx";
import { May } from "../ui/may.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Moment } from "../ui/time.tsx";
import { Filters, StatusTabs } from "./filters.tsx";
import { Actions } from "./matching.tsx";
import { instancesQuery } from "./queries.ts";
import { Rows } from "./rows.tsx";
import { Selection } from "./selection.tsx";

const route = getRouteApi("/workflows/$workflow");

/** Instances that are loaded before the user scrolls. */
const FIRST = 50;

export default function InstancesPage() {
  const { workflow } = route.useParams();
  const filter = route.useSearch();
  const live = useWorkflowEvents(workflow);
  const { data: about } = useQuery(workflowQuery(workflow));
  const list = useInfiniteQuery(instancesQuery(workflow, filter));
  const pages = list.data?.pages;
  const items = useMemo(() => pages?.flatMap(({ result }) => result) ?? [], [pages]);
  const info = pages?.[0]?.result_info;
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const more = useCallback(() => void (isFetching || fetchNextPage()), [isFetching, fetchNextPage]);
  // A page with few that match says how far it has looked: what is left is looked at by itself, until there is something to see.
  useEffect(() => {
    if (hasNextPage && items.length < FIRST) more();
  }, [hasNextPage, items.length, more]);

  const [chosen, setChosen] = useState<ReadonlySet<string> | undefined>(new Set());
  const none = (): void => setChosen(new Set());
  useEffect(none, [filter, workflow]);
  const choose = (from: number, to: number, isChosen: boolean): void => {
    const next = new Set(chosen ?? items.map(({ id }) => id));
    for (const { id } of items.slice(Math.min(from, to), Math.max(from, to) + 1))
      if (isChosen) next.add(id);
      else next.delete(id);
    setChosen(next);
  };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  // The server counts for a bounded time only: what has been found since may be more.
  const total = info && { count: Math.max(info.total_count ?? 0, items.length), at_least: info.total_at_least ?? false };

  return (
    <div className="flex flex-col gap-3">
      <Head workflow={workflow} about={about} live={live} />
      <StatusTabs workflow={workflow} counts={about?.instances ?? {}} />
      <Filters workflow={workflow} />
      <Selection
        workflow={workflow}
        filter={filter}
        ids={chosen}
        total={total}
        onAll={() => setChosen(undefined)}
        onNone={none}
      />
      <Actions workflow={workflow} />
      {list.error !== null && list.data === undefined ? (
        <Problem cause={list.error} retry={() => void list.refetch()} />
      ) : list.data !== undefined && items.length === 0 && !hasNextPage ? (
        <Nothing workflow={workflow} isFiltered={isFiltered} />
      ) : (
        <Rows workflow={workflow} items={items} chosen={chosen} onChoose={choose} more={hasNextPage ? more : undefined} />
      )}
      <div className="flex h-8 items-center gap-3 text-quiet" role="status">
        {hasNextPage && items.length < FIRST && "Searching older instances…"}
        {pages !== undefined && pages.length > LIVE_PAGES && (
          <>
            Long lists do not refresh automatically.
            <Button onClick={() => void list.refetch()}>Refresh</Button>
          </>
        )}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly workflow: string;
  readonly about:
    | { readonly class_name: string; readonly script_name: string; readonly triggered_on?: string | null }
    | undefined;
  readonly live: boolean;
}

function Head({ workflow, about, live }: HeadProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <h1 className="text-lg font-semibold">{workflow}</h1>
      {about && (
        <span className="text-quiet">
          {about.class_name} in {about.script_name} · last created <Moment at={about.triggered_on ?? null} />
        </span>
      )}
      <span className="flex-1" />
      <span className="text-quiet" title={live ? "Updates live" : "Reconnecting to the server"}>
        {live ? "● live" : "○ connecting"}
      </span>
      <Link to="/errors" search={{ workflow }} className="plain text-accent">
        Errors
      </Link>
      <May role="operator">
        <ButtonLink look="main" to="/workflows/$workflow/new" params={{ workflow }}>
          Create instance
        </ButtonLink>
      </May>
    </div>
  );
}

function Nothing({ workflow, isFiltered }: { readonly workflow: string; readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No matching instances">
        <p>
          Remove a filter, or{" "}
          <Link to="/workflows/$workflow" params={{ workflow }} className="text-accent underline">
            see all instances
          </Link>
          .
        </p>
      </Empty>
    );
  return (
    <Empty title="No instances yet">
      <p>Create one here, with the binding, or from a shell:</p>
      <Command text={`npx wrangler workflows trigger ${workflow} '{}'`} />
    </Empty>
  );
}
