/** The versions and deployments of a script, and rollbacks to an earlier version. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Chip } from "../ui/chip.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { Clock, Moment } from "../ui/time.tsx";
import { attempt } from "../ui/toast.tsx";
import { deploymentsQuery, deployVersion, versionsQuery, type Deployment, type Version } from "./queries.ts";

interface OfScript {
  readonly script: string;
}

/** Both, once they are there: neither list says all of what the other needs. */
function useHistory(script: string) {
  const versions = useQuery(versionsQuery(script));
  const deployments = useQuery(deploymentsQuery(script));
  return {
    error: versions.error ?? deployments.error,
    versions: versions.data,
    deployments: deployments.data,
    active: deployments.data?.[0]?.versions[0]?.version_id,
  };
}

export function Versions({ script }: OfScript) {
  const { error, versions, active } = useHistory(script);
  const [asked, setAsked] = useState<Version>();
  if (error !== null) return <Problem cause={error} />;
  if (versions === undefined || active === undefined) return <Skeleton label="versions" />;
  const newest = versions[0]?.number ?? 0;
  const columns: readonly Column<Version>[] = [
    {
      head: "Version",
      cell: ({ number, id }) => (
        <span className="flex items-center gap-2 font-medium tabular-nums">
          v{number} {id === active && <Chip tone="good">active</Chip>}
        </span>
      ),
    },
    { head: "Id", from: "md", cell: ({ id }) => <Id id={id} /> },
    { head: "Created", cell: ({ metadata }) => <Moment at={metadata.created_on} /> },
    { head: "Message", wide: true, from: "sm", cell: ({ annotations }) => <Remarks of={annotations} /> },
    { head: "Code and settings", from: "lg", cell: ({ resources }) => <Id id={resources.script.etag} /> },
    { head: "Compatibility", from: "lg", cell: ({ resources }) => resources.script_runtime.compatibility_date ?? "–" },
    {
      head: "",
      cell: (version) =>
        version.id !== active && (
          <Button needs="admin" onClick={() => setAsked(version)}>
            {version.number === newest ? "Deploy" : "Roll back"}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Table label="Versions" columns={columns} rows={versions} keyOf={({ id }) => id} />
      {asked && <Ask script={script} version={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function Ask({ script, version, onClose }: OfScript & { readonly version: Version; readonly onClose: () => void }) {
  const [message, setMessage] = useState("");
  const title = `Deploy v${version.number} of ${script}`;
  const deploy = async (): Promise<void> => {
    onClose();
    await attempt(title, () => deployVersion(script, version.id, message === "" ? `Back to v${version.number}` : message));
  };
  return (
    <Dialog title={`${title}?`} open onClose={onClose}>
      <p>
        Requests and new instances use this version from now on. Started instances stay on their version. Created{" "}
        <Clock at={version.metadata.created_on} />.
      </p>
      <label className="flex flex-col gap-1">
        Message
        <input
          value={message}
          maxLength={100}
          placeholder={`Back to v${version.number}`}
          onChange={({ target }) => setMessage(target.value)}
          className="rounded-md border border-line bg-page px-2.5 py-1"
        />
      </label>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" onClick={() => void deploy()}>
          Deploy v{version.number}
        </Button>
      </div>
    </Dialog>
  );
}

export function Deployments({ script }: OfScript) {
  const { error, versions, deployments } = useHistory(script);
  if (error !== null) return <Problem cause={error} />;
  if (versions === undefined || deployments === undefined) return <Skeleton label="deployments" />;
  const numbers = new Map(versions.map(({ id, number }) => [id, number]));
  const columns: readonly Column<Deployment>[] = [
    {
      head: "Version",
      cell: ({ id, versions: [first] }) => (
        <span className="flex items-center gap-2 font-medium tabular-nums">
          v{numbers.get(first?.version_id ?? "") ?? "?"} {id === deployments[0]?.id && <Chip tone="good">active</Chip>}
        </span>
      ),
    },
    { head: "Deployed", cell: ({ created_on: at }) => <Clock at={at} /> },
    { head: "Message", wide: true, from: "sm", cell: ({ annotations }) => <Remarks of={annotations ?? {}} /> },
    { head: "Deployment", from: "md", cell: ({ id }) => <Id id={id} /> },
  ];
  return <Table label="Deployments" columns={columns} rows={deployments} keyOf={({ id }) => id} />;
}

function Id({ id }: { readonly id: string }): ReactNode {
  return (
    <code className="font-mono text-xs text-quiet" title={id}>
      {id.slice(0, 8)}
    </code>
  );
}

/** The message, and what else was said, without the prefix that all of them have. */
function Remarks({ of }: { readonly of: Readonly<Record<string, string>> }) {
  const { "workers/message": message, ...rest } = of;
  const others = Object.entries(rest).map(
    ([name, value]) => [name.replace(/^workers\//, "").replaceAll("_", " "), value] as const,
  );
  return (
    <span className="flex flex-wrap items-center gap-2">
      {message !== undefined && <span>{message}</span>}
      {others.map(([name, value]) => (
        <Chip key={name}>
          {name} {value}
        </Chip>
      ))}
    </span>
  );
}
