/** The instances of a workflow: filtered by what is in the address, read page by page, and kept up to date. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { instancesQuery, workflowQuery } from "../api/queries.ts";
import type { InstanceStatus } from "../api/types.ts";
import { useWorkflowEvents } from "../api/live.ts";
import { Command } from "../ui/copy.tsx";
import { May } from "../ui/may.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Status, STATUSES } from "../ui/status.tsx";
import { Moment, Span } from "../ui/time.tsx";
import { Selection } from "./selection.tsx";

const route = getRouteApi("/workflows/$workflow");

const ROW_PX = 36;

const COLUMNS =
  "grid grid-cols-[2rem_minmax(10rem,1fr)_8rem_7rem_7rem_6rem] max-sm:grid-cols-[2rem_1fr_7rem] items-center gap-3 px-3";

export default function InstancesPage() {
  const { workflow } = route.useParams();
  const filter = route.useSearch();
  const live = useWorkflowEvents(workflow);
  const { data: about } = useQuery(workflowQuery(workflow));
  const list = useInfiniteQuery(instancesQuery(workflow, filter));
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const items = list.data?.pages.flatMap(({ result }) => result) ?? [];
  const total = list.data?.pages[0]?.result_info?.total_count;

  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };

  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-lg font-semibold">{workflow}</h1>
        {about && (
          <span className="text-quiet">
            {about.class_name} in {about.script_name}
          </span>
        )}
        <span className="flex-1" />
        <span className="text-quiet" title={live ? "Changes show as they happen" : "The server is being asked again"}>
          {live ? "● live" : "○ connecting"}
        </span>
        <May role="operator">
          <Link
            to="/workflows/$workflow/new"
            params={{ workflow }}
            className="rounded-md bg-accent px-2.5 py-1 font-medium text-white aria-disabled:cursor-not-allowed aria-disabled:opacity-50 dark:text-slate-950"
          >
            Create instance
          </Link>
        </May>
      </div>
      <Filters />
      <Selection workflow={workflow} ids={chosen} onDone={() => setChosen(new Set())} />
      {list.error !== null && list.data === undefined ? (
        <Problem cause={list.error} retry={() => void list.refetch()} />
      ) : list.data !== undefined && items.length === 0 ? (
        <Nothing workflow={workflow} isFiltered={Object.values(filter).some((value) => value !== undefined)} />
      ) : (
        <Rows
          workflow={workflow}
          items={items}
          chosen={chosen}
          onToggle={toggle}
          hasMore={list.hasNextPage}
          more={() => void (list.isFetchingNextPage || list.fetchNextPage())}
        />
      )}
      {total !== undefined && <p className="text-quiet tabular-nums">{total.toLocaleString()} instances</p>}
    </div>
  );
}

/** An instance as the list has it. */
interface Item {
  readonly id: string;
  readonly status: InstanceStatus;
  readonly created_on: string;
  readonly started_on: string | null;
  readonly ended_on: string | null;
  readonly trigger_source: string;
}

function Filters() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const set = (part: Partial<typeof filter>): void => void navigate({ search: { ...filter, ...part }, replace: true });
  const field = "rounded-md border border-line bg-panel px-2 py-1";
  return (
    <form aria-label="Filter" className="no-print flex flex-wrap items-center gap-3" onSubmit={(event) => event.preventDefault()}>
      <label className="flex items-center gap-1.5">
        Status
        <select
          className={field}
          value={filter.status ?? ""}
          onChange={({ target }) => set({ status: target.value === "" ? undefined : (target.value as InstanceStatus) })}
        >
          <option value="">Any</option>
          {Object.entries(STATUSES).map(([status, { word }]) => (
            <option key={status} value={status}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <When label="Created from" value={filter.from} onChange={(from) => set({ from })} />
      <When label="to" value={filter.to} onChange={(to) => set({ to })} />
    </form>
  );
}

interface WhenProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (iso: string | undefined) => void;
}

function When({ label, value, onChange }: WhenProps) {
  return (
    <label className="flex items-center gap-1.5">
      {label}
      <input
        type="datetime-local"
        className="rounded-md border border-line bg-panel px-2 py-1"
        value={value === undefined ? "" : localText(value)}
        onChange={({ target }) => onChange(target.value === "" ? undefined : new Date(target.value).toISOString())}
      />
    </label>
  );
}

/** As the field for a local time has it. */
function localText(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface RowsProps {
  readonly workflow: string;
  readonly items: readonly Item[];
  readonly chosen: ReadonlySet<string>;
  readonly onToggle: (id: string) => void;
  readonly hasMore: boolean;
  readonly more: () => void;
}

function Rows({ workflow, items, chosen, onToggle, hasMore, more }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= items.length - 20) more();
  }, [hasMore, last, items.length, more]);
  return (
    <div role="table" aria-label="Instances" aria-rowcount={items.length} className="rounded-lg border border-line bg-panel">
      <div role="row" className={`${COLUMNS} h-9 border-b border-line text-quiet`}>
        <span role="columnheader" aria-label="Chosen" />
        <span role="columnheader">Id</span>
        <span role="columnheader">Status</span>
        <span role="columnheader" className="max-sm:hidden">
          Created
        </span>
        <span role="columnheader" className="max-sm:hidden">
          Ran for
        </span>
        <span role="columnheader" className="max-sm:hidden">
          By
        </span>
      </div>
      <div ref={scroller} role="rowgroup" className="max-h-[calc(100vh-16rem)] min-h-40 overflow-y-auto">
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {shown.map(({ index, start }) => {
            const item = items[index];
            if (item === undefined) return null;
            return (
              <div
                key={item.id}
                role="row"
                aria-rowindex={index + 1}
                className={`${COLUMNS} absolute inset-x-0 border-b border-line/60 hover:bg-line/30`}
                style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                <span role="cell">
                  <input
                    type="checkbox"
                    aria-label={`Choose ${item.id}`}
                    checked={chosen.has(item.id)}
                    onChange={() => onToggle(item.id)}
                  />
                </span>
                <span role="cell" className="truncate">
                  <Link to="/workflows/$workflow/instances/$id" params={{ workflow, id: item.id }} className="plain font-mono">
                    {item.id}
                  </Link>
                </span>
                <span role="cell">
                  <Status status={item.status} />
                </span>
                <span role="cell" className="max-sm:hidden">
                  <Moment at={item.created_on} />
                </span>
                <span role="cell" className="max-sm:hidden">
                  <Span from={item.started_on} to={item.ended_on} />
                </span>
                <span role="cell" className="text-quiet max-sm:hidden">
                  {item.trigger_source}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Nothing({ workflow, isFiltered }: { readonly workflow: string; readonly isFiltered: boolean }) {
  if (isFiltered) return <p>No instance is like that.</p>;
  return (
    <Empty title="No instances yet">
      <p>Create one here, in code with the binding, or from a shell:</p>
      <Command text={`npx wrangler workflows trigger ${workflow} '{}'`} />
    </Empty>
  );
}
