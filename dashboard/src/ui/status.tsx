/** The status of an instance as colour, sign and word, so that none of them is needed alone. */
import type { InstanceStatus } from "../api/types.ts";

interface Look {
  readonly word: string;
  readonly sign: string;
  readonly colour: string;
}

export const STATUSES: Readonly<Record<InstanceStatus, Look>> = {
  queued: { word: "Queued", sign: "…", colour: "text-void" },
  running: { word: "Running", sign: "▶", colour: "text-busy" },
  waiting: { word: "Waiting", sign: "◷", colour: "text-wait" },
  waitingForPause: { word: "Pausing", sign: "‖", colour: "text-wait" },
  paused: { word: "Paused", sign: "‖", colour: "text-wait" },
  rollingBack: { word: "Rolling back", sign: "↺", colour: "text-wait" },
  complete: { word: "Complete", sign: "✓", colour: "text-good" },
  errored: { word: "Errored", sign: "✕", colour: "text-bad" },
  terminated: { word: "Terminated", sign: "■", colour: "text-void" },
};

export { isFinal } from "../../../src/model/instance/status.ts";

export function Status({ status }: { readonly status: InstanceStatus }) {
  const { word, sign, colour } = STATUSES[status];
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${colour}`}>
      <span aria-hidden className="inline-block w-4 text-center">
        {sign}
      </span>
      {word}
    </span>
  );
}
