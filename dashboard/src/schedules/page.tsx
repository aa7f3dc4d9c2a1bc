/** Schedules of workflows and cron triggers of scripts, with their next times. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { createInstance } from "../api/actions.ts";
import type { InstanceStatus } from "../api/types.ts";
import { Button } from "../ui/button.tsx";
import { Chip } from "../ui/chip.tsx";
import { Command } from "../ui/copy.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Status } from "../ui/status.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { exactText, Moment } from "../ui/time.tsx";
import { failed } from "../ui/toast.tsx";
import { schedulesQuery } from "./queries.ts";

/** As the server tells it. */
interface Schedule {
  readonly cron: string;
  readonly words: string | null;
  readonly workflow: string | null;
  readonly script: string | null;
  readonly next: readonly string[];
  readonly last: {
    readonly boundary: string;
    readonly instance: { readonly id: string; readonly status: string } | null;
  } | null;
}

const COLUMNS: readonly Column<Schedule>[] = [
  { head: "For", cell: (schedule) => <For schedule={schedule} /> },
  { head: "Expression, in UTC", cell: ({ cron }) => <code className="font-mono">{cron}</code> },
  { head: "In words", from: "lg", cell: ({ words }) => words ?? <span className="text-quiet">–</span> },
  { head: "Next", cell: ({ next }) => <Next moments={next} /> },
  { head: "Last", from: "md", wide: true, cell: (schedule) => <Last schedule={schedule} /> },
  { head: "", cell: ({ workflow }) => workflow !== null && <RunNow workflow={workflow} /> },
];

export default function SchedulesPage() {
  const [page, setPage] = useState(1);
  const { data, error, refetch } = useQuery({ ...schedulesQuery(page), refetchInterval: 15_000 });
  if (error !== null && data === undefined) return <Problem cause={error} retry={() => void refetch()} />;
  const total = (data?.result_info as { total_pages?: number } | undefined)?.total_pages ?? 1;
  return (
    <div className="flex flex-col gap-4">
      <h1 className="text-lg font-semibold">Schedules</h1>
      {data === undefined ? (
        <Skeleton label="schedules" />
      ) : data.result.length === 0 && page === 1 ? (
        <NoSchedules />
      ) : (
        <Table
          label="Schedules"
          columns={COLUMNS}
          rows={data.result}
          keyOf={({ workflow, script, cron }) => `${workflow} ${script} ${cron}`}
        />
      )}
      {total > 1 && (
        <nav aria-label="Pages" className="flex items-center gap-2">
          <Button disabled={page === 1} onClick={() => setPage(page - 1)}>
            Before
          </Button>
          <span className="tabular-nums">
            Page {page} of {total}
          </span>
          <Button disabled={page >= total} onClick={() => setPage(page + 1)}>
            Next
          </Button>
        </nav>
      )}
    </div>
  );
}

function For({ schedule: { workflow, script } }: { readonly schedule: Schedule }) {
  return (
    <div className="flex items-center gap-x-2 max-sm:flex-wrap">
      {workflow !== null && (
        <Link to="/workflows/$workflow" params={{ workflow }} className="plain font-medium">
          {workflow}
        </Link>
      )}
      {script !== null && (
        <>
          <Link to="/scripts/$script" params={{ script }} className="plain font-medium">
            {script}
          </Link>
          <Chip>cron trigger</Chip>
        </>
      )}
    </div>
  );
}

/** The first time. All of them are in the tooltip, and in a list that opens for touch and keyboard. */
function Next({ moments }: { readonly moments: readonly string[] }) {
  const [first, ...more] = moments;
  if (first === undefined) return <span className="text-quiet">never again</span>;
  return (
    <details>
      <summary className="cursor-pointer whitespace-nowrap">
        <Moment at={first} />
      </summary>
      <ol className="mt-1 text-xs text-quiet">
        {[first, ...more].map((at) => (
          <li key={at} className="whitespace-nowrap tabular-nums" title={exactText(Date.parse(at))}>
            {at.slice(0, 16).replace("T", " ")} UTC
          </li>
        ))}
      </ol>
    </details>
  );
}

function Last({ schedule: { workflow, last } }: { readonly schedule: Schedule }) {
  if (last === null) return <span className="text-quiet">not yet</span>;
  const { boundary, instance } = last;
  if (workflow === null || instance === null) return <Moment at={boundary} />;
  return (
    <Link
      to="/workflows/$workflow/instances/$id"
      params={{ workflow, id: instance.id }}
      className="plain flex flex-wrap items-center gap-x-3"
    >
      <Moment at={boundary} />
      <Status status={instance.status as InstanceStatus} />
    </Link>
  );
}

function RunNow({ workflow }: { readonly workflow: string }) {
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      const id = await createInstance(workflow, {});
      await navigate({ to: "/workflows/$workflow/instances/$id", params: { workflow, id } });
    } catch (cause) {
      setBusy(false);
      failed(`No instance of ${workflow} was created`, cause);
    }
  };
  return (
    <Button needs="operator" disabled={busy} onClick={() => void run()}>
      <span>
        Run now<span className="sr-only">: {workflow}</span>
      </span>
    </Button>
  );
}

function NoSchedules() {
  return (
    <Empty title="No schedules yet">
      <p>A schedule creates an instance of its workflow at each matching time, in UTC. In wrangler.jsonc:</p>
      <Command
        text={
          '"workflows": [{\n  "name": "report", "binding": "REPORT", "class_name": "Report",\n  "schedules": [{ "cron": "0 9 * * MON" }]\n}]'
        }
      />
      <p>A cron trigger calls the scheduled handler of a Worker instead:</p>
      <Command text={'"triggers": { "crons": ["*/15 * * * *"] }'} />
    </Empty>
  );
}
