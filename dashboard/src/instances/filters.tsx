/** The filters of the list: status as tabs with counts, the others as removable chips. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import type { InstanceStatus } from "../api/types.ts";
import { errorQuery } from "../errors/queries.ts";
import { Button } from "../ui/button.tsx";
import { STATUSES } from "../ui/status.tsx";
import { PARTS, valueText, type InstanceFilter, type Part } from "./filter.ts";
import { versionsQuery } from "./queries.ts";

const route = getRouteApi("/workflows/$workflow");

const FIELD = "h-8 rounded-md border border-line bg-panel px-2";

interface TabsProps {
  readonly workflow: string;
  readonly counts: Partial<Record<InstanceStatus, number>>;
}

/** Every status that some instance has, and the one that is chosen. */
export function StatusTabs({ workflow, counts }: TabsProps) {
  const filter = route.useSearch();
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const shown = (Object.keys(STATUSES) as InstanceStatus[]).filter((each) => (counts[each] ?? 0) > 0 || each === filter.status);
  const tab = (status: InstanceStatus | undefined, word: string, count: number) => (
    <Link
      key={word}
      to="/workflows/$workflow"
      params={{ workflow }}
      search={{ ...filter, status }}
      replace
      activeOptions={{ exact: true, includeSearch: true }}
      className="flex h-9 items-center gap-1.5 border-b-2 border-transparent px-1 whitespace-nowrap text-quiet hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text"
    >
      {status && (
        <span aria-hidden className={STATUSES[status].colour}>
          {STATUSES[status].sign}
        </span>
      )}
      {word}
      <span className="tabular-nums">{count.toLocaleString()}</span>
    </Link>
  );
  return (
    <nav aria-label="Status" className="no-print flex flex-wrap gap-x-5 border-b border-line">
      {tab(undefined, "All", total)}
      {shown.map((status) => tab(status, STATUSES[status].word, counts[status] ?? 0))}
    </nav>
  );
}

/** The other filters, and a way to add one. */
export function Filters({ workflow }: { readonly workflow: string }) {
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const set = (part: Partial<InstanceFilter>): void => void navigate({ search: { ...filter, ...part }, replace: true });
  const chips = (Object.keys(PARTS) as Part[]).filter((part) => filter[part] !== undefined);
  return (
    <div className="no-print flex flex-wrap items-center gap-2">
      <ul aria-label="Filters" className="contents">
        {chips.map((part) => (
          <li
            key={part}
            className="flex h-8 max-w-full items-center gap-1 rounded-md border border-accent/50 bg-accent/10 pl-2.5"
            title={filter[part]}
          >
            <span className="text-quiet whitespace-nowrap">{PARTS[part]}</span>
            <span className="truncate font-medium">
              {part === "group" ? <GroupText group={filter.group ?? ""} /> : valueText(part, filter[part] ?? "")}
            </span>
            <Button
              look="bare"
              className="h-full px-2"
              aria-label={`Remove filter ${PARTS[part]}`}
              onClick={() => set({ [part]: undefined })}
            >
              ×
            </Button>
          </li>
        ))}
      </ul>
      <Add workflow={workflow} onAdd={set} />
      {chips.length > 1 && (
        <Button
          look="bare"
          className="text-quiet"
          onClick={() => void navigate({ search: { status: filter.status }, replace: true })}
        >
          Clear filters
        </Button>
      )}
    </div>
  );
}

/** The message of a group, as soon as it is known. */
function GroupText({ group }: { readonly group: string }) {
  const { data } = useQuery(errorQuery(group));
  return data?.[0]?.message ?? valueText("group", group);
}

type Addable = Exclude<Part, "group">;

const ADDABLE: readonly Addable[] = ["id", "error", "version", "from", "to"];

interface AddProps {
  readonly workflow: string;
  readonly onAdd: (part: Partial<InstanceFilter>) => void;
}

function Add({ workflow, onAdd }: AddProps) {
  const [part, setPart] = useState<Addable>("id");
  const [value, setValue] = useState("");
  const add = (): void => {
    if (value.trim() === "") return;
    onAdd({ [part]: part === "from" || part === "to" ? new Date(value).toISOString() : value.trim() });
    setValue("");
  };
  return (
    <form
      aria-label="Add a filter"
      className="flex min-w-0 flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <select
        aria-label="Filter by"
        className={FIELD}
        value={part}
        onChange={({ target }) => {
          setPart(target.value as Addable);
          setValue("");
        }}
      >
        {ADDABLE.map((each) => (
          <option key={each} value={each}>
            {PARTS[each]}
          </option>
        ))}
      </select>
      {part === "version" ? (
        <Versions workflow={workflow} onChoose={(version) => onAdd({ version })} />
      ) : (
        <input
          aria-label={PARTS[part]}
          type={part === "from" || part === "to" ? "datetime-local" : "search"}
          maxLength={200}
          className={`${FIELD} w-56 max-w-full`}
          value={value}
          onChange={({ target }) => setValue(target.value)}
        />
      )}
      {part !== "version" && <Button type="submit">Add filter</Button>}
    </form>
  );
}

function Versions({ workflow, onChoose }: { readonly workflow: string; readonly onChoose: (id: string) => void }) {
  const { data: versions = [] } = useQuery(versionsQuery(workflow));
  return (
    <select
      aria-label="Version"
      className={`${FIELD} w-56`}
      value=""
      onChange={({ target }) => target.value !== "" && onChoose(target.value)}
    >
      <option value="">Select…</option>
      {versions.map(({ id, created_on: created }) => (
        <option key={id} value={id}>
          {id.slice(0, 8)} · {new Date(created).toLocaleString()}
        </option>
      ))}
    </select>
  );
}
