/** Everything about one step: how it went, what it returned in full, what it wrote, and what can be done from here. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changeStatus } from "../api/actions.ts";
import { logsQuery, outputQuery, stepUrl } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Problem } from "../ui/problem.tsx";
import { exactText, spanText } from "../ui/time.tsx";
import { Value } from "../ui/value.tsx";
import { splitName, type Attempt, type Entry, type Timeline } from "./timeline.ts";

interface DetailProps {
  readonly timeline: Timeline;
  readonly entry: Entry;
  readonly onClose: () => void;
}

export function Detail({ timeline, entry, onClose }: DetailProps) {
  const { type, name, start, end, state, attempts = [], config, error } = entry;
  const step = splitName(name);
  return (
    <aside aria-label={`Details of ${name}`} className="flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-panel p-4">
      <header className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h2 className="text-base font-semibold break-words">{step.name}</h2>
          <p className="text-quiet">
            {WORDS[type]} {step.count > 1 && `no. ${step.count} of its name, `}
            {state}
          </p>
        </div>
        <Button look="bare" aria-label="Close" onClick={onClose}>
          ✕
        </Button>
      </header>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <dt className="text-quiet">Began</dt>
        <dd title={exactText(start)}>{new Date(start).toLocaleString()}</dd>
        <dt className="text-quiet">Took</dt>
        <dd className="tabular-nums">{state === "running" || end === null ? "still at it" : spanText(end - start)}</dd>
        {config?.retries && (
          <>
            <dt className="text-quiet">Retries</dt>
            <dd>
              {config.retries.limit}, {delayText(config.retries.delay)} apart
              {config.retries.backoff && ` (${config.retries.backoff})`}
            </dd>
          </>
        )}
        {config?.timeout !== undefined && (
          <>
            <dt className="text-quiet">Time-out</dt>
            <dd>{delayText(config.timeout)}</dd>
          </>
        )}
      </dl>
      {error && <Failure error={error} />}
      {attempts.length > 0 && <Attempts attempts={attempts} />}
      {(type === "step" || type === "waitForEvent") && state === "complete" && (
        <Output timeline={timeline} entry={entry} type={type} />
      )}
      {type === "step" && <Logs timeline={timeline} step={step} />}
      {type !== "rollback" && <RestartFrom timeline={timeline} entry={entry} />}
    </aside>
  );
}

const WORDS: Readonly<Record<Entry["type"], string>> = {
  step: "Step,",
  rollback: "Rollback of a step,",
  sleep: "Sleep,",
  waitForEvent: "Wait for an event,",
};

function delayText(delay: number | string): string {
  return typeof delay === "number" ? spanText(delay) : delay;
}

export function Failure({ error: { name, message } }: { readonly error: { readonly name: string; readonly message: string } }) {
  return (
    <p className="rounded-md border border-bad/40 p-2 font-mono text-xs break-words whitespace-pre-wrap text-bad">
      <b>{name}</b>: {message}
    </p>
  );
}

function Attempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  return (
    <section aria-label="Attempts">
      <h3 className="mb-1 font-medium">{attempts.length === 1 ? "One attempt" : `${attempts.length} attempts`}</h3>
      <ol className="flex flex-col gap-1">
        {attempts.map(({ start, end, error }, i) => (
          <li key={start}>
            <span className="text-quiet">{i + 1}.</span>{" "}
            <span title={exactText(start)}>{new Date(start).toLocaleTimeString()}</span>,{" "}
            {end === null ? "still at it" : spanText(end - start)}
            {error && <Failure error={error} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface OutputProps {
  readonly timeline: Timeline;
  readonly entry: Entry;
  readonly type: "step" | "waitForEvent";
}

function Output({ timeline: { workflow, id }, entry: { name, config }, type }: OutputProps) {
  const { data, error } = useQuery(outputQuery(workflow, id, name, type));
  if (error !== null) return <Problem cause={error} />;
  if (data === undefined) return <p className="text-quiet">Reading what it returned…</p>;
  if (config?.sensitive !== undefined)
    return <p className="text-quiet">🔒 What it returned is sensitive: only the Workflow's code sees it.</p>;
  if (data.kind === "value") return <Value label={type === "step" ? "Output" : "Event"} value={data.value} />;
  return (
    <p>
      A stream of {data.bytes.toLocaleString()} bytes.{" "}
      <a className="plain text-accent" href={stepUrl(workflow, id, name, type)} download={`${id}-${name}.bin`}>
        Download it
      </a>
    </p>
  );
}

function Logs({
  timeline,
  step,
}: {
  readonly timeline: Timeline;
  readonly step: { readonly name: string; readonly count: number };
}) {
  const { data } = useQuery(logsQuery(timeline.workflow, timeline.id, step));
  if (data === undefined || data.lines.length === 0) return null;
  return (
    <section aria-label="Log">
      <h3 className="mb-1 font-medium">Log</h3>
      <ol className="max-h-72 overflow-auto rounded-md border border-line p-2 font-mono text-xs leading-5">
        {data.lines.map(({ n, time, level, text }) => (
          <li key={n} className={level === "error" ? "text-bad" : level === "warn" ? "text-wait" : ""}>
            <time className="text-quiet" dateTime={time}>
              {time.slice(11, 23)}
            </time>{" "}
            <span className="break-words whitespace-pre-wrap">{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function RestartFrom({
  timeline: { workflow, id },
  entry: { name, type },
}: {
  readonly timeline: Timeline;
  readonly entry: Entry;
}) {
  const [failure, setFailure] = useState<Error>();
  const step = splitName(name);
  const restart = async (): Promise<void> => {
    const from = {
      name: step.name,
      count: step.count,
      type: type === "step" ? ("do" as const) : (type as "sleep" | "waitForEvent"),
    };
    try {
      await changeStatus(workflow, id, { status: "restart", from });
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  return (
    <div className="no-print flex flex-col items-start gap-2">
      <Button needs="operator" onClick={() => void restart()}>
        Restart from this step
      </Button>
      {failure && <Problem cause={failure} />}
    </div>
  );
}
