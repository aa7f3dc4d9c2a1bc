/** The audit log: who did what, when, from where, and with which result. Filtered by the URL, loaded page by page on scrolling. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Button } from "../ui/button.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Moment } from "../ui/time.tsx";
import { FIELD, RoleName } from "./pieces.tsx";
import { auditQuery, type AuditFilter } from "./queries.ts";

const route = getRouteApi("/settings/audit");

const ROW_PX = 36;

const COLUMNS =
  "grid grid-cols-[6rem_minmax(9rem,14rem)_minmax(14rem,20rem)_minmax(8rem,1fr)_9rem_8rem] max-lg:grid-cols-[4.5rem_minmax(0,1fr)_minmax(0,2fr)_4rem] max-lg:gap-2 items-center gap-3 px-3";

export default function AuditPage() {
  const filter = route.useSearch();
  const log = useInfiniteQuery(auditQuery(filter));
  const entries = log.data?.pages.flatMap(({ result }) => result) ?? [];
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <Filters />
        <Button onClick={() => void log.refetch()}>Refresh</Button>
      </div>
      {log.error !== null && log.data === undefined ? (
        <Problem cause={log.error} retry={() => void log.refetch()} />
      ) : log.data !== undefined && entries.length === 0 ? (
        <Nothing isFiltered={isFiltered} />
      ) : (
        <Rows entries={entries} hasMore={log.hasNextPage} more={() => void (log.isFetchingNextPage || log.fetchNextPage())} />
      )}
      <p className="text-quiet">Reads and request bodies are not logged. The newest 10,000 entries of each action are kept.</p>
    </div>
  );
}

interface Entry {
  readonly n: number;
  readonly time: string;
  readonly who: { readonly kind: string; readonly id: string; readonly name: string; readonly role: string } | null;
  readonly method: string;
  readonly action: string;
  readonly target: string;
  readonly address: string;
  readonly status: number;
  readonly code: number | null;
}

function Filters() {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const set = (part: AuditFilter): void => void navigate({ search: { ...filter, ...part }, replace: true });
  return (
    <form
      aria-label="Filter"
      className="no-print flex flex-wrap items-end gap-3 max-sm:grid max-sm:w-full max-sm:grid-cols-2"
      onSubmit={(event) => event.preventDefault()}
    >
      <Words label="Who" value={filter.who} onChange={(who) => set({ who })} />
      <Words label="Action" value={filter.action} onChange={(action) => set({ action })} />
      <When label="From" value={filter.from} onChange={(from) => set({ from })} />
      <When label="To" value={filter.to} onChange={(to) => set({ to })} />
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

function Words({ label, value, onChange }: FieldProps) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-quiet">
      {label}
      <input
        type="search"
        className={`${FIELD} w-44 text-text max-sm:w-full`}
        defaultValue={value ?? ""}
        onChange={({ target }) => onChange(target.value === "" ? undefined : target.value)}
      />
    </label>
  );
}

function When({ label, value, onChange }: FieldProps) {
  return (
    <label className="flex min-w-0 flex-col gap-1 text-quiet">
      {label}
      <input
        type="datetime-local"
        className={`${FIELD} min-w-0 text-text max-sm:w-full`}
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
  readonly entries: readonly Entry[];
  readonly hasMore: boolean;
  readonly more: () => void;
}

function Rows({ entries, hasMore, more }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= entries.length - 20) more();
  }, [hasMore, last, entries.length, more]);
  return (
    <div role="table" aria-label="Audit log" aria-rowcount={entries.length} className="rounded-lg border border-line bg-panel">
      <div role="row" className={`${COLUMNS} h-9 border-b border-line text-quiet`}>
        <span role="columnheader">When</span>
        <span role="columnheader">Who</span>
        <span role="columnheader">Action</span>
        <span role="columnheader" className="max-lg:hidden">
          On
        </span>
        <span role="columnheader" className="max-lg:hidden">
          From
        </span>
        <span role="columnheader">
          <span className="max-lg:sr-only">Outcome</span>
        </span>
      </div>
      <div ref={scroller} role="rowgroup" className="max-h-[calc(100vh-19rem)] min-h-40 overflow-y-auto" tabIndex={0}>
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {shown.map(({ index, start }) => {
            const entry = entries[index];
            return entry === undefined ? null : <Row key={entry.n} entry={entry} index={index} start={start} />;
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  readonly entry: Entry;
  readonly index: number;
  /** Pixels from the top of the list. */
  readonly start: number;
}

function Row({ entry: { time, who, method, action, target, address, status, code }, index, start }: RowProps) {
  const isGood = status < 400;
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      className={`${COLUMNS} absolute inset-x-0 border-b border-line/60 hover:bg-line/30`}
      style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
    >
      <span role="cell">
        <Moment at={time} />
      </span>
      <span role="cell" className="flex min-w-0 items-center gap-2" title={who === null ? undefined : `${who.kind} ${who.id}`}>
        {who === null ? (
          <span className="truncate text-quiet">unknown</span>
        ) : (
          <>
            <span className="truncate font-medium">{who.name}</span>
            <span className="max-lg:hidden">
              <RoleName role={who.kind === "command" ? "command line" : who.role} />
            </span>
          </>
        )}
      </span>
      <span role="cell" className="truncate font-mono text-xs" title={`${method} ${action}${target === "" ? "" : `\n${target}`}`}>
        {action}
      </span>
      <span role="cell" className="truncate font-mono text-xs text-quiet max-lg:hidden" title={target}>
        {target}
      </span>
      <span role="cell" className="truncate font-mono text-xs text-quiet max-lg:hidden">
        {address}
      </span>
      <span role="cell" className={`whitespace-nowrap tabular-nums ${isGood ? "text-good" : "text-bad"}`}>
        <span aria-hidden>{isGood ? "✓" : "✕"}</span> {status}
        {code !== null && <span className="text-quiet max-lg:hidden"> ({code})</span>}
      </span>
    </div>
  );
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) return <p>No matching entries.</p>;
  return (
    <Empty title="No entries yet">
      <p>Every change is logged here: who made it, when, from where, and whether it was rejected.</p>
    </Empty>
  );
}
