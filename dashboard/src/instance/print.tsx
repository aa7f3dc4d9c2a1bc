/** The print view of an instance: all steps in a plain table. Rendered only while printing. */
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { spanText } from "../ui/time.tsx";
import type { Entry } from "./timeline.ts";

/** True from the moment at which the browser begins to print. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const paper = matchMedia("print");
    // The browser prints the page as it is when these listeners return.
    const change = (to: boolean): void => flushSync(() => setPrinting(to));
    const onMedia = ({ matches }: MediaQueryListEvent): void => change(matches);
    const [onBefore, onAfter] = [(): void => change(true), (): void => change(false)];
    paper.addEventListener("change", onMedia);
    addEventListener("beforeprint", onBefore);
    addEventListener("afterprint", onAfter);
    return () => {
      paper.removeEventListener("change", onMedia);
      removeEventListener("beforeprint", onBefore);
      removeEventListener("afterprint", onAfter);
    };
  }, []);
  return printing;
}

export function PrintTable({ steps }: { readonly steps: readonly Entry[] }) {
  return (
    <table className="w-full border-collapse text-xs">
      <caption className="py-2 text-left text-sm font-semibold">{steps.length.toLocaleString()} steps</caption>
      <thead>
        <tr className="border-b border-line text-left">
          {["Step", "Kind", "State", "Started", "Took", "Attempts", "Error"].map((title) => (
            <th key={title} scope="col" className="py-1 pr-3 font-semibold">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {steps.map((entry) => (
          <PrintRow key={entry.type + entry.name} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function PrintRow({ entry: { type, name, start, end, state, attempts, error } }: { readonly entry: Entry }) {
  const failure = error ?? attempts.findLast((each) => each.error)?.error;
  return (
    <tr className="border-b border-line/60 align-top tabular-nums">
      <td className="py-0.5 pr-3 break-all">{name}</td>
      <td className="py-0.5 pr-3">{type}</td>
      <td className="py-0.5 pr-3">{state}</td>
      <td className="py-0.5 pr-3 whitespace-nowrap">{new Date(start).toISOString()}</td>
      <td className="py-0.5 pr-3 whitespace-nowrap">{state === "running" || end === null ? "–" : spanText(end - start)}</td>
      <td className="py-0.5 pr-3">{attempts.length === 0 ? "" : attempts.length}</td>
      <td className="py-0.5 break-words">{failure === undefined ? "" : `${failure.name}: ${failure.message}`}</td>
    </tr>
  );
}
