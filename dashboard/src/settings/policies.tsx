/** Retention and concurrency, for the account and for each workflow. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { useAsking } from "./asking.ts";
import { FIELD, Section, Table } from "./pieces.tsx";
import { EditPolicy } from "./policy.tsx";
import { accountQuery, changeRetention, deployedQuery, newestQuery } from "./queries.ts";
import { spanWords } from "./spans.ts";

export default function PoliciesPage() {
  return (
    <div className="flex flex-col gap-8">
      <Account />
      <Workflows />
    </div>
  );
}

/** The server's default. */
const DEFAULT = "7 days";

function Account() {
  const { data, error, refetch } = useQuery(accountQuery);
  const kept = data?.default_retention;
  return (
    <Section
      title="Retention"
      about="How long ended instances are kept, unless the workflow or the instance sets its own retention. A change applies to instances that end afterwards."
    >
      {error !== null && <Problem cause={error} retry={() => void refetch()} />}
      {data && (
        <RetentionForm
          key={JSON.stringify(kept)}
          success={words(kept?.success_retention)}
          failure={words(kept?.error_retention)}
        />
      )}
    </Section>
  );
}

function words(ms: number | undefined): string {
  return ms === undefined ? "" : spanWords(ms);
}

function RetentionForm({ success, failure }: { readonly success: string; readonly failure: string }) {
  const [good, setGood] = useState(success);
  const [bad, setBad] = useState(failure);
  const { failure: refused, isBusy, run } = useAsking();
  const isSame = good === success && bad === failure;
  return (
    <form
      className="flex max-w-2xl flex-col gap-3 rounded-lg border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => changeRetention({ success_retention: good.trim() || null, error_retention: bad.trim() || null }));
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="flex flex-col gap-1">
          Completed
          <input className={FIELD} value={good} placeholder={DEFAULT} onChange={({ target }) => setGood(target.value)} />
        </label>
        <label className="flex flex-col gap-1">
          Errored or terminated
          <input className={FIELD} value={bad} placeholder={DEFAULT} onChange={({ target }) => setBad(target.value)} />
        </label>
      </div>
      {refused && <Problem cause={refused} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button needs="admin" type="submit" look="main" disabled={isBusy || isSame}>
          Save
        </Button>
        <p className="text-quiet">Write 12 hours, 30 days and so on; left empty it is {DEFAULT}.</p>
      </div>
    </form>
  );
}

function Workflows() {
  const { data, error, refetch } = useQuery(deployedQuery);
  const [edited, setEdited] = useState<string>();
  const workflows = data ?? [];
  const workflow = workflows.find(({ name }) => name === edited);
  return (
    <Section
      title="Workflows"
      about="The settings of each workflow's newest version. A change creates a new version; the next deployment of the Worker may override it."
    >
      {error !== null && <Problem cause={error} retry={() => void refetch()} />}
      {data !== undefined && workflows.length === 0 && (
        <Empty title="No workflows are deployed">
          <p>Limits and retention of deployed workflows appear here.</p>
        </Empty>
      )}
      {workflows.length > 0 && (
        <Table
          label="Workflows"
          columns={["Workflow", "Running at once", "Steps", "Kept when completed", "Kept when errored", "Actions"]}
        >
          {workflows.map(({ name }) => (
            <WorkflowRow key={name} name={name} onEdit={() => setEdited(name)} />
          ))}
        </Table>
      )}
      {workflow !== undefined && <EditPolicy workflow={workflow} onClose={() => setEdited(undefined)} />}
    </Section>
  );
}

function WorkflowRow({ name, onEdit }: { readonly name: string; readonly onEdit: () => void }) {
  const { data: policy } = useQuery(newestQuery(name));
  const { concurrency, limits, default_retention: kept } = policy ?? {};
  return (
    <tr>
      <td className="min-w-40 font-medium">{name}</td>
      <Cell value={concurrency?.limit?.toLocaleString()} other="no limit" />
      <Cell value={limits?.steps?.toLocaleString()} other="10,000" />
      <Cell value={kept?.success_retention && spanWords(kept.success_retention)} other="account default" />
      <Cell value={kept?.error_retention && spanWords(kept.error_retention)} other="account default" />
      <td className="text-right">
        <Button needs="admin" aria-label={`Change ${name}`} disabled={policy === undefined} onClick={onEdit}>
          Change
        </Button>
      </td>
    </tr>
  );
}

/** What is set, or what counts as nothing is. */
function Cell({ value, other }: { readonly value: string | number | undefined; readonly other: string }) {
  return <td className={`whitespace-nowrap tabular-nums ${value === undefined ? "text-quiet" : ""}`}>{value ?? other}</td>;
}
