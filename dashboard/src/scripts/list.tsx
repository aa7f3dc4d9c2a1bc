/** All scripts, each with its active version and what it contains. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Command } from "../ui/copy.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Moment } from "../ui/time.tsx";
import { scriptsQuery } from "./queries.ts";

/** A script as the list has it. */
interface Script {
  readonly name: string;
  readonly path: string;
  readonly host_names: readonly string[];
  readonly version: { readonly number: number; readonly id: string; readonly message: string | null };
  readonly deployed_on: string;
  readonly workflows: readonly { readonly name: string }[];
  readonly bindings: number;
  readonly crons: readonly string[];
}

const COLUMNS: readonly Column<Script>[] = [
  {
    head: "Script",
    cell: ({ name }) => (
      <Link to="/scripts/$script" params={{ script: name }} className="plain font-medium">
        {name}
      </Link>
    ),
  },
  {
    head: "Active version",
    cell: ({ version }) => (
      <span title={version.id}>
        v{version.number}
        {version.message !== null && <span className="text-quiet max-md:hidden"> {version.message}</span>}
      </span>
    ),
  },
  { head: "Deployed", cell: ({ deployed_on: at }) => <Moment at={at} /> },
  {
    head: "Workflows",
    from: "sm",
    wide: true,
    cell: ({ workflows }) => (
      <span className="flex flex-wrap gap-x-3">
        {workflows.length === 0 && <span className="text-quiet">none</span>}
        {workflows.map(({ name }) => (
          <Link key={name} to="/workflows/$workflow" params={{ workflow: name }} className="plain">
            {name}
          </Link>
        ))}
      </span>
    ),
  },
  { head: "Bindings", from: "md", cell: ({ bindings }) => <span className="tabular-nums">{bindings}</span> },
  {
    head: "Cron triggers",
    from: "lg",
    cell: ({ crons }) =>
      crons.length === 0 ? (
        <span className="text-quiet">none</span>
      ) : (
        <code className="font-mono text-xs">{crons.join(", ")}</code>
      ),
  },
  {
    head: "Address",
    from: "lg",
    cell: ({ path, host_names: names }) => (
      <a href={path} target="_blank" rel="noreferrer" className="plain whitespace-nowrap text-accent">
        {names.at(-1)}
      </a>
    ),
  },
];

export default function ScriptsPage() {
  const { data, error, refetch } = useQuery({ ...scriptsQuery, refetchInterval: 5_000 });
  if (error !== null && data === undefined) return <Problem cause={error} retry={() => void refetch()} />;
  return (
    <div className="flex flex-col gap-4">
      <h1 className="text-lg font-semibold">Scripts</h1>
      {data === undefined ? (
        <Skeleton label="scripts" />
      ) : data.result.length === 0 ? (
        <NoScripts />
      ) : (
        <Table label="Scripts" columns={COLUMNS} rows={data.result} keyOf={({ name }) => name} />
      )}
    </div>
  );
}

function NoScripts() {
  return (
    <Empty title="No scripts yet">
      <p>A script is a Worker with Workflows, a fetch handler or both. To deploy one, run in its folder:</p>
      <Command
        text={[
          `export CLOUDFLARE_API_BASE_URL=${location.origin}/client/v4`,
          "export CLOUDFLARE_ACCOUNT_ID=local CLOUDFLARE_API_TOKEN=…",
          "npx wrangler deploy",
        ].join("\n")}
      />
      <p>During development, this redeploys it on every save:</p>
      <Command text="npx stepwell dev path/to/project" />
    </Empty>
  );
}
