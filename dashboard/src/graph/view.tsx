/**
 * The graph of a workflow's code, with the state of one instance. Nested boxes follow the code. Steps that ran are solid with a
 * count, failed ones red, running ones pulse, and branches not taken are faint.
 */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { graphQuery } from "../api/queries.ts";
import { Problem } from "../ui/problem.tsx";
import type { Entry, Timeline } from "../instance/timeline.ts";
import { painter, type Paint, type Painter } from "./paint.ts";
import { timesOf, wasSeen, type Flow, type Node } from "./flow.ts";

interface GraphViewProps {
  readonly timeline: Timeline;
  readonly chosen: Entry | undefined;
  readonly onChoose: (entry: Entry) => void;
}

export default function GraphView({ timeline, chosen, onChoose }: GraphViewProps) {
  const { data, error } = useQuery(graphQuery(timeline.workflow, timeline.version_id));
  const paint = useMemo(() => painter(timeline.steps), [timeline.steps]);
  if (error !== null) return <Problem cause={error} />;
  const flow = (data?.graph as { workflow?: Flow } | null | undefined)?.workflow;
  if (data !== undefined && flow === undefined)
    return <p className="text-quiet">No graph could be drawn from this version's code.</p>;
  if (flow === undefined) return <div className="h-64" />;
  return (
    <section
      aria-label="Graph"
      className="max-h-[75vh] min-w-0 overflow-auto overscroll-contain rounded-lg border border-line bg-panel p-4"
    >
      <div className="mx-auto w-max">
        <Nodes nodes={flow.nodes} functions={flow.functions} depth={0} look={{ paint, chosen, onChoose }} />
      </div>
    </section>
  );
}

interface Look {
  readonly paint: Painter;
  readonly chosen: Entry | undefined;
  readonly onChoose: (entry: Entry) => void;
}

interface NodesProps {
  readonly nodes: readonly Node[];
  readonly functions: Flow["functions"];
  /** Calls inside calls that have been drawn: code may call itself. */
  readonly depth: number;
  readonly look: Look;
}

const DEEPEST = 6;

function Nodes({ nodes, ...rest }: NodesProps) {
  return (
    <ol className="flex w-max flex-col items-center">
      {nodes.map((node, i) => (
        <li key={`${i} ${node.type} ${node.name ?? ""}`} className="flex flex-col items-center">
          {i > 0 && <span aria-hidden className="h-4 w-px bg-line" />}
          <Drawn node={node} {...rest} />
        </li>
      ))}
    </ol>
  );
}

function Drawn({ node, ...rest }: Omit<NodesProps, "nodes"> & { readonly node: Node }) {
  const { functions, depth } = rest;
  switch (node.type) {
    case "step_do":
    case "step_sleep":
    case "step_sleep_until":
    case "step_wait_for_event":
      return (
        <div className="flex flex-col items-center gap-2">
          <StepBox node={node} look={rest.look} />
          {(node.nodes ?? []).length > 0 && (
            <Frame title="inside">
              <Nodes nodes={node.nodes ?? []} {...rest} />
            </Frame>
          )}
        </div>
      );
    case "loop":
      return (
        <Frame title={loopTitle(timesOf(node.nodes ?? [], rest.functions, rest.look.paint))}>
          <Nodes nodes={node.nodes ?? []} {...rest} />
        </Frame>
      );
    case "parallel":
      return (
        <Frame title={`in parallel (${(node.kind ?? "all").replace("_", " ")})`}>
          <Ways ways={(node.nodes ?? []).map((each) => ({ title: undefined, nodes: [each] }))} {...rest} />
        </Frame>
      );
    case "if":
    case "switch":
      return (
        <Frame title={node.type === "if" ? "if" : `switch (${node.discriminant ?? ""})`}>
          <Ways ways={(node.branches ?? []).map(({ condition, nodes }) => ({ title: condition ?? "else", nodes }))} {...rest} />
        </Frame>
      );
    case "try":
      return (
        <Frame title="try">
          <Ways
            ways={[
              { title: "try", nodes: node.try_block?.nodes ?? [] },
              { title: "catch", nodes: node.catch_block?.nodes ?? [] },
              { title: "finally", nodes: node.finally_block?.nodes ?? [] },
            ].filter(({ nodes }) => nodes.length > 0)}
            {...rest}
          />
        </Frame>
      );
    case "function_call": {
      const called = functions[node.name ?? ""];
      if (called === undefined || depth >= DEEPEST)
        return <span className="rounded border border-line px-2 py-1">{node.name}()</span>;
      return (
        <Frame title={`${node.name}()`}>
          <Nodes {...rest} nodes={called.nodes} depth={depth + 1} />
        </Frame>
      );
    }
    case "break":
      return <span className="text-quiet">{node.kind === "return" ? "return" : "break"}</span>;
    default:
      return <Nodes nodes={node.nodes ?? []} {...rest} />;
  }
}

interface WaysProps extends Omit<NodesProps, "nodes"> {
  readonly ways: readonly { readonly title: string | undefined; readonly nodes: readonly Node[] }[];
}

function Ways({ ways, ...rest }: WaysProps) {
  const { functions, look } = rest;
  const seen = ways.map(({ nodes }) => wasSeen(nodes, functions, look.paint));
  // If no branch was taken, the run has not come here yet; then none is marked as not taken.
  const isDecided = seen.includes(true);
  return (
    <div className="flex items-start gap-4">
      {ways.map(({ title, nodes }, i) => {
        const isTaken = isDecided && seen[i] === true;
        return (
          <div
            key={`${i} ${title ?? ""}`}
            className={`flex flex-col items-center gap-2 ${isDecided && !isTaken ? "text-quiet grayscale" : ""}`}
          >
            {title !== undefined && (
              <code
                className={`max-w-64 truncate font-mono text-xs ${isTaken ? "font-semibold text-good" : "text-quiet"}`}
                title={title}
              >
                {isTaken && <span aria-hidden>✓ </span>}
                {title}
              </code>
            )}
            <Nodes nodes={nodes} {...rest} />
          </div>
        );
      })}
    </div>
  );
}

function loopTitle(times: number): string {
  return times === 0 ? "↻ repeated" : `↻ ${times.toLocaleString()} ${times === 1 ? "time" : "times"}`;
}

function Frame({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-lg border border-dashed border-line p-3">
      <code className="max-w-96 truncate font-mono text-xs text-quiet" title={title}>
        {title}
      </code>
      {children}
    </div>
  );
}

const LOOKS: Readonly<Record<Paint["state"], string>> = {
  unseen: "border-dashed border-line text-quiet",
  running: "border-busy text-busy motion-safe:animate-pulse",
  complete: "border-good",
  errored: "border-bad text-bad",
};

const SIGNS: Readonly<Record<string, string>> = {
  step_do: "▪",
  step_sleep: "☾",
  step_sleep_until: "☾",
  step_wait_for_event: "✉",
};

function StepBox({ node: { type, name = "" }, look: { paint, chosen, onChoose } }: { readonly node: Node; readonly look: Look }) {
  const { state, times, failed, entry, has } = paint(type, name);
  const isChosen = chosen !== undefined && has(chosen);
  const box = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isChosen) box.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [isChosen]);
  const words = [
    state === "unseen" ? "not reached" : state,
    ...(failed > 0 ? [`${failed.toLocaleString()} failed or retried`] : []),
  ];
  const isRetried = failed > 0 && state !== "errored";
  // What is seen is a part of what is said.
  const seen = [
    name,
    ...(times > 1 ? [`× ${times.toLocaleString()}`] : []),
    ...(isRetried ? [`✕ ${failed.toLocaleString()}`] : []),
  ];
  return (
    <button
      ref={box}
      type="button"
      disabled={entry === undefined}
      aria-pressed={isChosen}
      aria-label={[seen.join(" "), ...words].join(", ")}
      onClick={() => entry && onChoose(isChosen ? chosen : entry)}
      className={`rounded-md border-2 bg-panel px-3 py-1.5 whitespace-nowrap disabled:cursor-default ${LOOKS[state]} ${isChosen ? "ring-2 ring-accent ring-offset-2 ring-offset-panel" : ""}`}
    >
      <span aria-hidden className="mr-1.5">
        {SIGNS[type]}
      </span>
      {name}
      {times > 1 && <span className="ml-1.5 text-quiet tabular-nums">× {times.toLocaleString()}</span>}
      {isRetried && <span className="ml-1.5 text-bad tabular-nums">✕ {failed.toLocaleString()}</span>}
    </button>
  );
}
