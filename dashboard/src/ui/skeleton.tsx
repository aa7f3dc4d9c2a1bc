/** A placeholder while data loads, so that the layout does not shift. */

interface SkeletonProps {
  /** What is being read, for those who do not see it. */
  readonly label: string;
  readonly rows?: number;
}

export function Skeleton({ label, rows = 4 }: SkeletonProps) {
  return (
    <div role="status" aria-label={`Reading ${label}`} className="overflow-hidden rounded-lg border border-line bg-panel">
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="flex h-10 items-center gap-6 border-b border-line/60 px-3 last:border-b-0">
          <span className="h-2.5 w-1/4 animate-pulse rounded bg-line" />
          <span className="h-2.5 w-1/3 animate-pulse rounded bg-line/70" />
        </div>
      ))}
    </div>
  );
}
