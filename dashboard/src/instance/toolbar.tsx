/** The controls of the waterfall: search, next failure, zoom; and the legend. */
import { useMemo, type RefObject } from "react";
import { Button } from "../ui/button.tsx";
import { KINDS, type Kind, type Wanted } from "./find.ts";
import { hasFailed, type Entry } from "./timeline.ts";

interface ToolbarProps {
  readonly search: RefObject<HTMLInputElement | null>;
  readonly wanted: Wanted;
  readonly onWant: (wanted: Wanted) => void;
  readonly steps: readonly Entry[];
  readonly found: number;
  readonly onJump: (direction: 1 | -1) => void;
  /** By a factor; undefined shows all. */
  readonly onZoom: (factor: number | undefined) => void;
}

export function Toolbar({ search, wanted, onWant, steps, found, onJump, onZoom }: ToolbarProps) {
  const failures = useMemo(() => steps.reduce((count, entry) => (hasFailed(entry) ? count + 1 : count), 0), [steps]);
  return (
    <div
      role="toolbar"
      aria-label="Steps"
      className="no-print flex flex-wrap items-center gap-2 border-b border-line px-2 py-1.5"
    >
      <input
        ref={search}
        type="search"
        aria-label="Find steps"
        aria-keyshortcuts="/"
        placeholder="Find steps and errors…  ( / )"
        value={wanted.text}
        onChange={({ target }) => onWant({ ...wanted, text: target.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        className="w-full min-w-0 rounded-md border border-line bg-page px-2.5 py-1 sm:w-64"
      />
      <select
        aria-label="Filter steps"
        value={wanted.kind}
        onChange={({ target }) => onWant({ ...wanted, kind: target.value as Kind })}
        className="rounded-md border border-line bg-page px-2 py-1"
      >
        {Object.entries(KINDS).map(([kind, word]) => (
          <option key={kind} value={kind}>
            {word}
          </option>
        ))}
      </select>
      <span className="text-quiet tabular-nums" role="status" aria-label="Steps found">
        {found === steps.length
          ? `${found.toLocaleString()} steps`
          : `${found.toLocaleString()} of ${steps.length.toLocaleString()}`}
      </span>
      <span className="flex-1" />
      {failures > 0 && (
        <span className="flex items-center">
          <Button look="bare" className="text-bad" title="Next failure: n" aria-keyshortcuts="n" onClick={() => onJump(1)}>
            Next failure <span className="tabular-nums">({failures.toLocaleString()})</span>
          </Button>
        </span>
      )}
      <span className="flex items-center" role="group" aria-label="Zoom">
        <Button look="bare" aria-label="Zoom out" title="Zoom out: −" onClick={() => onZoom(1.6)}>
          −
        </Button>
        <Button look="bare" title="Show all: 0" onClick={() => onZoom(undefined)}>
          Fit
        </Button>
        <Button look="bare" aria-label="Zoom in" title="Zoom in: +" onClick={() => onZoom(1 / 1.6)}>
          +
        </Button>
      </span>
    </div>
  );
}

const LOOKS: readonly (readonly [look: string, word: string, isThere: (entry: Entry) => boolean])[] = [
  ["bar-good", "attempt", ({ type }) => type === "step"],
  ["bar-bad", "failed attempt", hasFailed],
  ["bar-busy", "running", ({ type, state }) => state === "running" && type === "step"],
  ["bar-queue", "between attempts", ({ attempts }) => attempts.length > 1],
  ["bar-quiet", "sleep or wait", ({ type }) => type === "sleep" || type === "waitForEvent"],
  ["bar-undo", "rollback", ({ type }) => type === "rollback"],
];

/** Only of what there is. */
export function Legend({ steps, hasQueued }: { readonly steps: readonly Entry[]; readonly hasQueued: boolean }) {
  const shown = useMemo(() => LOOKS.filter(([, , isThere]) => steps.some(isThere)), [steps]);
  if (shown.length === 0) return null;
  return (
    <ul aria-label="Legend" className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line px-3 py-1.5 text-xs text-quiet">
      {[...shown, ...(hasQueued ? [["bar-before", "queued"] as const] : [])].map(([look, word]) => (
        <li key={word} className="flex items-center gap-1.5">
          <span aria-hidden className={`inline-block h-3 w-5 rounded-xs ${look}`} />
          {word}
        </li>
      ))}
    </ul>
  );
}
