/** Error groups: one row per error, with actions on all its instances. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { Actions, MatchDialog } from "../instances/matching.tsx";
import type { Verb } from "../instances/queries.ts";
import { Button } from "../ui/button.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Moment } from "../ui/time.tsx";
import { errorsQuery } from "./queries.ts";

const route = getRouteApi("/errors");

/** A group as the server shows it. */
interface Group {
  readonly fingerprint: string;
  readonly workflow: string;
  readonly name: string;
  readonly message: string;
  readonly step: string | null;
  readonly frame: string | null;
  readonly instances: number;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly first_version_id: string;
}

interface Asked {
  readonly group: Group;
  readonly verb: Verb;
}

export default function ErrorsPage() {
  const { workflow } = route.useSearch();
  const { data, error, refetch } = useQuery(errorsQuery(workflow));
  const [asked, setAsked] = useState<Asked>();
  /** Workflows that something was done to here: its last group may be gone before that is over. */
  const [acted, setActed] = useState<readonly string[]>([]);
  const ask = (question: Asked): void => {
    setAsked(question);
    setActed([...acted, question.group.workflow]);
  };
  const groups: readonly Group[] = data?.result ?? [];
  if (error !== null && data === undefined) return <Problem cause={error} retry={() => void refetch()} />;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-lg font-semibold">Errors{workflow === undefined ? "" : ` of ${workflow}`}</h1>
        {workflow !== undefined && (
          <Link to="/errors" className="plain text-accent">
            of all workflows
          </Link>
        )}
        <span className="flex-1" />
        <span className="text-quiet">Errors with the same name, message pattern, step and function form one group.</span>
      </div>
      {[...new Set([...groups.map((group) => group.workflow), ...acted])].map((each) => (
        <Actions key={each} workflow={each} />
      ))}
      {data !== undefined && groups.length === 0 ? (
        <Empty title="No errors">
          <p>Errors of failed instances appear here in groups, with their count and the first version that had them.</p>
        </Empty>
      ) : (
        <ul aria-label="Errors" className="divide-y divide-line rounded-lg border border-line bg-panel empty:hidden">
          {groups.map((group) => (
            <Row key={`${group.workflow} ${group.fingerprint}`} group={group} onAsk={(verb) => ask({ group, verb })} />
          ))}
        </ul>
      )}
      {data?.result_info?.total_at_least && <p className="text-quiet">Showing the 100 most recent groups.</p>}
      <MatchDialog
        workflow={asked?.group.workflow ?? ""}
        filter={{ group: asked?.group.fingerprint }}
        words={asked && `error “${asked.group.message}”`}
        verb={asked?.verb}
        onClose={() => setAsked(undefined)}
      />
    </div>
  );
}

function Row({ group, onAsk }: { readonly group: Group; readonly onAsk: (verb: Verb) => void }) {
  const { workflow, fingerprint, name, message, step, frame, instances, first_version_id: version } = group;
  return (
    <li className="grid items-center gap-x-6 gap-y-2 px-4 py-3 lg:grid-cols-[minmax(0,1fr)_7rem_16rem_auto]">
      <div className="min-w-0">
        <p className="flex min-w-0 items-baseline gap-2">
          <Link
            to="/workflows/$workflow"
            params={{ workflow }}
            search={{ group: fingerprint }}
            className="plain truncate font-medium text-bad"
            title={message}
          >
            {message === "" ? name : message}
          </Link>
        </p>
        <p className="truncate text-quiet">
          {name}
          {step !== null && ` in ${step}`}
          {frame !== null && ` at ${frame}`} ·{" "}
          <Link to="/workflows/$workflow" params={{ workflow }} className="plain">
            {workflow}
          </Link>
        </p>
      </div>
      <p className="tabular-nums lg:text-right">
        <span className="font-medium lg:block">{instances.toLocaleString()}</span>{" "}
        <span className="text-quiet">{instances === 1 ? "instance" : "instances"}</span>
      </p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-quiet">
        <dt>Last seen</dt>
        <dd className="text-text">
          <Moment at={group.last_seen} />
        </dd>
        <dt>First seen</dt>
        <dd className="truncate" title={`Version ${version}`}>
          <Moment at={group.first_seen} /> in <span className="font-mono text-xs">{version}</span>
        </dd>
      </dl>
      <div className="flex gap-2">
        <Button needs="operator" onClick={() => onAsk("restart")} aria-label={`Restart all with ${message}`}>
          Restart all
        </Button>
        <Button needs="operator" look="danger" onClick={() => onAsk("delete")} aria-label={`Delete all with ${message}`}>
          Delete all
        </Button>
      </div>
    </li>
  );
}
