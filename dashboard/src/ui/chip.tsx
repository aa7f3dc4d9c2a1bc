/** A small label, such as a state or a kind. */
import type { ReactNode } from "react";

const TONES = {
  quiet: "border-line text-quiet",
  good: "border-good/40 text-good",
  bad: "border-bad/40 text-bad",
  busy: "border-busy/40 text-busy",
  wait: "border-wait/40 text-wait",
} as const;

export function Chip({ tone = "quiet", children }: { readonly tone?: keyof typeof TONES; readonly children: ReactNode }) {
  return (
    <span className={`inline-flex items-center rounded-full border px-2 text-xs leading-5 whitespace-nowrap ${TONES[tone]}`}>
      {children}
    </span>
  );
}
