/** The rows of the list, rendered only where visible; the next page is loaded ahead. */
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useSyncExternalStore, type MouseEvent } from "react";
import type { InstanceStatus } from "../api/types.ts";
import { Status } from "../ui/status.tsx";
import { Moment, Span } from "../ui/time.tsx";

/** A row has a second line, for its error, where there is no room for a column. */
const ROW_PX = { wide: 36, narrow: 52 } as const;

const narrow = matchMedia("(max-width: 639px)");

function subscribe(changed: () => void): () => void {
  narrow.addEventListener("change", changed);
  return () => narrow.removeEventListener("change", changed);
}

/** Rows below the last visible one at which the next page is asked for. */
const AHEAD = 30;

const COLUMNS =
  "grid grid-cols-[1.5rem_minmax(9rem,20rem)_7.5rem_minmax(0,1fr)_6rem_6rem_6rem] max-lg:grid-cols-[1.5rem_minmax(8rem,1fr)_7.5rem_minmax(0,1fr)_6rem] max-sm:grid-cols-[1.5rem_minmax(0,1fr)_7rem] items-center gap-3 px-3";

/** An instance as the list has it. */
export interface Item {
  readonly id: string;
  readonly status: InstanceStatus;
  readonly created_on: string;
  readonly started_on: string | null;
  readonly ended_on: string | null;
  readonly version_id: string;
  readonly error: { readonly name: string; readonly message: string; readonly step: string | null } | null;
}

interface RowsProps {
  readonly workflow: string;
  readonly items: readonly Item[];
  /** Undefined when all matching instances are selected. */
  readonly chosen: ReadonlySet<string> | undefined;
  /** `from` and `to` are positions; they are the same unless the shift key is held. */
  readonly onChoose: (from: number, to: number, isChosen: boolean) => void;
  readonly more: (() => void) | undefined;
}

export function Rows({ workflow, items, chosen, onChoose, more }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  /** Where a range begins. */
  const anchor = useRef(0);
  const rowPx = ROW_PX[useSyncExternalStore(subscribe, () => narrow.matches) ? "narrow" : "wide"];
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  useEffect(() => rows.measure(), [rows, rowPx]);
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - AHEAD) more?.();
  }, [last, items.length, more]);

  const isChosen = (id: string): boolean => chosen?.has(id) ?? true;
  const choose = ({ shiftKey }: MouseEvent, index: number, wanted: boolean): void => {
    onChoose(shiftKey ? anchor.current : index, index, wanted);
    anchor.current = index;
  };
  return (
    <div role="table" aria-label="Instances" aria-rowcount={items.length} className="rounded-lg border border-line bg-panel">
      <div role="row" className={`${COLUMNS} h-9 border-b border-line text-quiet`}>
        <span role="columnheader">
          <input
            type="checkbox"
            aria-label="Select all loaded instances"
            checked={items.length > 0 && items.every(({ id }) => isChosen(id))}
            onChange={({ target }) => onChoose(0, items.length - 1, target.checked)}
          />
        </span>
        <span role="columnheader">Id</span>
        <span role="columnheader">Status</span>
        <span role="columnheader" className="max-sm:hidden">
          Error
        </span>
        <span role="columnheader" className="max-sm:hidden">
          Created
        </span>
        <span role="columnheader" className="max-lg:hidden">
          Ran for
        </span>
        <span role="columnheader" className="max-lg:hidden">
          Version
        </span>
      </div>
      <div ref={scroller} role="rowgroup" className="max-h-[calc(100vh-17rem)] min-h-40 overflow-y-auto">
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
                style={{ height: rowPx, transform: `translateY(${start}px)` }}
              >
                <span role="cell">
                  <input
                    type="checkbox"
                    aria-label={`Select ${item.id}`}
                    checked={isChosen(item.id)}
                    onClick={(event) => choose(event, index, event.currentTarget.checked)}
                    onChange={() => {}}
                  />
                </span>
                <Cells workflow={workflow} item={item} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** What is said of an instance. */
function Cells({ workflow, item }: { readonly workflow: string; readonly item: Item }) {
  return (
    <>
      <span role="cell" className="truncate">
        <Link to="/workflows/$workflow/instances/$id" params={{ workflow, id: item.id }} className="plain font-mono">
          {item.id}
        </Link>
        {item.error && <span className="block truncate text-xs text-bad sm:hidden">{item.error.message || item.error.name}</span>}
      </span>
      <span role="cell">
        <Status status={item.status} />
      </span>
      <ErrorCell error={item.error} />
      <span role="cell" className="max-sm:hidden">
        <Moment at={item.created_on} />
      </span>
      <span role="cell" className="max-lg:hidden">
        <Span from={item.started_on} to={item.ended_on} />
      </span>
      <span role="cell" className="truncate font-mono text-xs text-quiet max-lg:hidden" title={item.version_id}>
        {item.version_id}
      </span>
    </>
  );
}

function ErrorCell({ error }: Pick<Item, "error">) {
  return (
    <span role="cell" className="truncate max-sm:hidden" title={error === null ? undefined : `${error.name}: ${error.message}`}>
      {error && (
        <>
          <span className="text-bad">{error.message === "" ? error.name : error.message}</span>
          {error.step !== null && <span className="text-quiet"> in {error.step}</span>}
        </>
      )}
    </span>
  );
}
