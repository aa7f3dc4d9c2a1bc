/** The details of one step: timing, attempts, full output, log and actions. */
import { useQuery } from "@tanstack/react-query";
import { logsQuery, outputQuery, stepUrl } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Copy } from "../ui/copy.tsx";
import { Problem } from "../ui/problem.tsx";
import { exactText, spanText } from "../ui/time.tsx";
import { Value } from "../ui/value.tsx";
import { settingsOf } from "./defaults.ts";
import { Failure } from "./failure.tsx";
import { Restart } from "./restart.tsx";
import { splitName, type Attempt, type Entry, type Timeline } from "./timeline.ts";

interface DetailProps {
  readonly timeline: Timeline;
  readonly entry: Entry;
  /** Chooses the step that started before, or after; undefined where there is none. */
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
  readonly onClose: () => void;
}

export function Detail({ timeline, entry, onPrevious, onNext, onClose }: DetailProps) {
  const { type, name, start, end, state, attempts, error } = entry;
  const step = splitName(name);
  const isStep = type === "step" || type === "rollback";
  const logs = useQuery({ ...logsQuery(timeline.workflow, timeline.id, step), enabled: type === "step" });
  const lines = logs.data?.lines ?? [];
  return (
    <aside
      aria-label={`Details of ${name}`}
      className="flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-panel p-4 xl:sticky xl:top-16 xl:max-h-[calc(100vh-5rem)] xl:overflow-y-auto"
    >
      <header className="flex items-start gap-1">
        <div className="min-w-0 flex-1">
          <h2 className="text-base font-semibold break-words">{step.name}</h2>
          <p className="text-quiet">
            {WORDS[type]}, {step.count > 1 && `#${step.count.toLocaleString()} with this name, `}
            <span className={state === "errored" ? "text-bad" : state === "running" ? "text-busy" : "text-good"}>
              {state === "running" ? "running" : state}
            </span>
          </p>
        </div>
        <Turn label="Previous step" title="Previous step: [" sign="↑" onTurn={onPrevious} />
        <Turn label="Next step" title="Next step: ]" sign="↓" onTurn={onNext} />
        <Turn label="Close" title="Close: Escape" sign="✕" onTurn={onClose} />
      </header>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <dt className="text-quiet">Started</dt>
        <dd title={exactText(start)} className="tabular-nums">
          {new Date(start).toLocaleString()}
        </dd>
        <dt className="text-quiet">Took</dt>
        <dd className="tabular-nums">{state === "running" || end === null ? "running" : spanText(end - start)}</dd>
        {entry.event_type !== undefined && (
          <>
            <dt className="text-quiet">Event type</dt>
            <dd className="font-mono break-all">{entry.event_type}</dd>
          </>
        )}
        {isStep && <Config entry={entry} />}
      </dl>
      {error && <Failure error={error} />}
      {attempts.length > 0 && <Attempts entry={entry} stackOf={(attempt) => stackOf(lines, attempt)} />}
      {(type === "step" || type === "waitForEvent") && state === "complete" && (
        <Output timeline={timeline} entry={entry} type={type} />
      )}
      {lines.length > 0 && <Logs lines={lines} />}
      {type !== "rollback" && (
        <div className="no-print flex flex-wrap items-center gap-2">
          <Restart timeline={timeline} from={entry} label="Restart from this step" />
          <Copy label="Copy name" text={splitName(entry.name).name} />
        </div>
      )}
    </aside>
  );
}

const WORDS: Readonly<Record<Entry["type"], string>> = {
  step: "Step",
  rollback: "Rollback of a step",
  sleep: "Sleep",
  waitForEvent: "Wait for an event",
};

interface TurnProps {
  readonly label: string;
  readonly title: string;
  readonly sign: string;
  readonly onTurn: (() => void) | undefined;
}

function Turn({ label, title, sign, onTurn }: TurnProps) {
  return (
    <Button look="bare" className="no-print" aria-label={label} title={title} disabled={onTurn === undefined} onClick={onTurn}>
      {sign}
    </Button>
  );
}

function Config({ entry: { config } }: { readonly entry: Entry }) {
  return (
    <>
      {settingsOf(config).map(({ name, value, isUsual }) => (
        <div key={name} className="contents">
          <dt className="text-quiet">{name}</dt>
          <dd className={isUsual ? "text-quiet" : ""}>
            {typeof value === "number" && name !== "Retries" ? spanText(value) : value}
            {isUsual && <span className="ml-1.5 rounded bg-line/60 px-1 text-xs">default</span>}
          </dd>
        </div>
      ))}
      {config?.sensitive !== undefined && (
        <>
          <dt className="text-quiet">Sensitive</dt>
          <dd>{config.sensitive}</dd>
        </>
      )}
    </>
  );
}

/** Attempts in turn, and how long it waited before each. */
function Attempts({
  entry: { start: begun, attempts },
  stackOf,
}: {
  readonly entry: Entry;
  readonly stackOf: (attempt: number) => string | undefined;
}) {
  return (
    <section aria-label="Attempts">
      <h3 className="mb-1 font-medium">{attempts.length === 1 ? "One attempt" : `${attempts.length} attempts`}</h3>
      <ol className="flex flex-col gap-1">
        {attempts.map((attempt, i) => (
          <OneAttempt
            key={i + 1}
            number={i + 1}
            attempt={attempt}
            waited={attempt.start - (i === 0 ? begun : (attempts[i - 1]?.end ?? attempt.start))}
            stack={stackOf(i + 1)}
          />
        ))}
      </ol>
    </section>
  );
}

interface OneAttemptProps {
  readonly number: number;
  readonly attempt: Attempt;
  readonly waited: number;
  readonly stack: string | undefined;
}

function OneAttempt({ number, attempt: { start, end, error }, waited, stack }: OneAttemptProps) {
  return (
    <li>
      {waited > 0 && (
        <p className="border-l-2 border-dotted border-line pl-3 text-xs text-quiet tabular-nums">waited {spanText(waited)}</p>
      )}
      <p className="flex gap-2 tabular-nums">
        <span className={`w-4 ${error ? "text-bad" : end === null ? "text-busy" : "text-good"}`} aria-hidden>
          {error ? "✕" : end === null ? "▶" : "✓"}
        </span>
        <span>{number}.</span>
        <span title={exactText(start)}>{new Date(start).toLocaleTimeString()}</span>
        <span className="text-quiet">{end === null ? "running" : spanText(end - start)}</span>
      </p>
      {error && <Failure error={error} stack={stack} />}
    </li>
  );
}

interface OutputProps {
  readonly timeline: Timeline;
  readonly entry: Entry;
  readonly type: "step" | "waitForEvent";
}

function Output({ timeline: { workflow, id }, entry: { name, config, end }, type }: OutputProps) {
  const isHidden = config?.sensitive !== undefined;
  const { data, error } = useQuery({ ...outputQuery({ workflow, id, name, type, end }), enabled: !isHidden });
  if (isHidden)
    return (
      <p className="flex items-center gap-2 rounded-md border border-dashed border-line p-3">
        <span>
          <b>Hidden.</b> <span className="text-quiet">The output is sensitive: only the Workflow's code can read it.</span>
        </span>
      </p>
    );
  if (error !== null) return <Problem cause={error} />;
  if (data === undefined) return <p className="text-quiet">Loading output…</p>;
  if (data.kind === "value") return <Value label={type === "step" ? "Output" : "Event"} value={data.value} />;
  return (
    <p className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-line p-3">
      A stream of {sizeText(data.bytes)}
      <a className="plain font-medium text-accent" href={stepUrl(workflow, id, name, type)} download={`${id}-${name}.bin`}>
        Download
      </a>
    </p>
  );
}

function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} bytes`;
  const [size, unit] = bytes < 1_048_576 ? [bytes / 1_024, "KiB"] : [bytes / 1_048_576, "MiB"];
  return `${size.toFixed(1)} ${unit} (${bytes.toLocaleString()} bytes)`;
}

/** As much of a line of the log as is shown. */
interface Line {
  readonly n: number;
  readonly time: string;
  readonly level: string;
  readonly kind: string;
  readonly text: string;
  readonly step: { readonly attempt: number } | null;
}

/** Where an attempt failed, if the log has a stack. Positions are those in the sources. */
function stackOf(lines: readonly Line[], attempt: number): string | undefined {
  const text = lines.findLast(({ kind, step }) => kind === "exception" && step?.attempt === attempt)?.text ?? "";
  const from = text.search(/^\s+at /m);
  return from < 0 ? undefined : text.slice(from).trimEnd();
}

function Logs({ lines }: { readonly lines: readonly Line[] }) {
  return (
    <section aria-label="Log">
      <header className="flex items-center justify-between">
        <h3 className="font-medium">Log</h3>
        <Copy text={lines.map(({ time, level, text }) => `${time} ${level} ${text}`).join("\n")} />
      </header>
      <ol className="max-h-72 overflow-auto rounded-md border border-line p-2 font-mono text-xs leading-5" tabIndex={0}>
        {lines.map(({ n, time, level, text }) => (
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
