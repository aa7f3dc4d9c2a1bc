/** The live log of a script. It is not stored; the logs of instances are kept with their steps. */
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useCommands } from "../palette/commands.ts";
import { Button } from "../ui/button.tsx";
import { dayTimeText, exactText, useZone } from "../ui/time.tsx";
import { closeTail, openTail } from "./queries.ts";
import { isWanted, KEPT, LEVELS, linesOf, type Level, type Line } from "./tail-lines.ts";

type State = "connecting" | "live" | "over";

/** The lines, the newest last; those that came while it is paused come when it goes on. */
function useTail(script: string, isPaused: boolean) {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [state, setState] = useState<State>("connecting");
  const [why, setWhy] = useState("");
  const held = useRef<Line[]>([]);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const show = (): void => {
    const fresh = held.current.splice(0);
    if (fresh.length > 0) setLines((before) => [...before, ...fresh].slice(-KEPT));
  };

  useEffect(() => {
    let isOver = false;
    let socket: WebSocket | undefined;
    let tail: string | undefined;
    let count = 0;
    let frame = 0;
    const begin = async (): Promise<void> => {
      const { id, url } = await openTail(script);
      tail = id;
      if (isOver) return closeTail(script, id);
      socket = new WebSocket(url, "trace-v1");
      socket.addEventListener("open", () => setState("live"));
      socket.addEventListener("close", () => isOver || setState("over"));
      socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
        const fresh = linesOf(data, count);
        count += fresh.length;
        held.current = [...held.current, ...fresh].slice(-KEPT);
        if (!paused.current)
          frame ||= requestAnimationFrame(() => {
            frame = 0;
            show();
          });
      });
    };
    begin().catch((cause: unknown) => {
      setState("over");
      setWhy(cause instanceof Error ? cause.message : String(cause));
    });
    return () => {
      isOver = true;
      cancelAnimationFrame(frame);
      socket?.close();
      if (tail !== undefined) void closeTail(script, tail).catch(() => undefined);
    };
    // One tail for each script that is looked at.
  }, [script]);

  useEffect(() => {
    if (!isPaused) show();
  }, [isPaused]);

  return { lines, state, why, held: held.current.length, clear: () => setLines([]) };
}

const COLOURS: Readonly<Record<Level, string>> = {
  debug: "text-quiet",
  info: "",
  log: "",
  warn: "text-wait",
  error: "text-bad",
};

export default function Tail({ script }: { readonly script: string }) {
  const [isPaused, setPaused] = useState(false);
  const [least, setLeast] = useState<Level>("debug");
  const [wanted, setWanted] = useState("");
  const { lines, state, why, clear } = useTail(script, isPaused);
  useCommands([
    { name: isPaused ? "Resume the log" : "Pause the log", keys: "p", run: () => setPaused(!isPaused) },
    { name: "Clear the log", run: clear },
  ]);
  const shown = lines.filter((line) => isWanted(line, least, wanted));
  const end = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    if (follows.current && end.current !== null) end.current.scrollTop = end.current.scrollHeight;
  }, [shown.length]);
  const field = "rounded-md border border-line bg-panel px-2.5 py-1";
  return (
    <div className="flex flex-col gap-3">
      <form aria-label="Filter" className="flex flex-wrap items-center gap-3" onSubmit={(event) => event.preventDefault()}>
        <input
          type="search"
          aria-label="Find in lines"
          placeholder="Find in lines"
          value={wanted}
          onChange={({ target }) => setWanted(target.value)}
          className={field}
        />
        <label className="flex items-center gap-1.5">
          From level
          <select value={least} onChange={({ target }) => setLeast(target.value as Level)} className={field}>
            {LEVELS.map((level) => (
              <option key={level}>{level}</option>
            ))}
          </select>
        </label>
        <Button aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? "Resume" : "Pause"}
        </Button>
        <Button onClick={clear}>Clear</Button>
        <span role="status" className="text-quiet">
          {state === "connecting" ? "Connecting…" : state === "over" ? `Ended. ${why}` : isPaused ? "Paused" : "Live"}
        </span>
      </form>
      <ol
        ref={end}
        tabIndex={0}
        aria-label="Lines"
        className="h-[min(36rem,60vh)] overflow-auto rounded-lg border border-line bg-panel p-3 font-mono text-xs leading-5"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {shown.length === 0 && (
          <li className="font-sans text-quiet">
            {lines.length === 0
              ? "No lines since this page was opened. The lines of a call appear when it has ended."
              : "No matching lines."}
          </li>
        )}
        {shown.map((line) => (
          <Row key={line.n} line={line} />
        ))}
      </ol>
    </div>
  );
}

function Row({ line: { time, level, text, origin } }: { readonly line: Line }) {
  useZone();
  const [workflow = "", id] = origin?.split(/\/(.*)/s) ?? [];
  return (
    <li className={`flex gap-3 ${COLOURS[level]}`}>
      <time className="shrink-0 text-quiet" dateTime={new Date(time).toISOString()} title={exactText(time)}>
        {dayTimeText(time)}
      </time>
      <span className="w-10 shrink-0">{level}</span>
      <span className="min-w-0 break-words whitespace-pre-wrap">
        {id !== undefined && (
          <Link to="/workflows/$workflow/instances/$id" params={{ workflow, id }} className="plain mr-2 text-accent">
            {id}
          </Link>
        )}
        {text}
      </span>
    </li>
  );
}
