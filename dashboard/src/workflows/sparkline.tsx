/** A sparkline of the last 24 hours: ended instances by hour and outcome. */
export interface Hour {
  readonly hour: string;
  readonly created: number;
  readonly complete: number;
  readonly errored: number;
  readonly terminated: number;
}

const WIDTH = 6;
const GAP = 1.5;
const HEIGHT = 32;

/** From the bottom up: what failed is seen first. */
const KINDS = [
  ["errored", "fill-bad"],
  ["terminated", "fill-void"],
  ["complete", "fill-good"],
] as const;

export function Sparkline({ hours }: { readonly hours: readonly Hour[] }) {
  const most = Math.max(1, ...hours.map(ended));
  const sum = (kind: keyof Omit<Hour, "hour">): string => hours.reduce((total, each) => total + each[kind], 0).toLocaleString();
  const words = `${sum("created")} created, ${sum("complete")} complete, ${sum("errored")} errored, ${sum("terminated")} terminated`;
  return (
    <svg
      role="img"
      aria-label={`In 24 hours: ${words}`}
      viewBox={`0 0 ${hours.length * (WIDTH + GAP)} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-8 w-full"
    >
      <title>{`In 24 hours: ${words}`}</title>
      {hours.map((each, i) => {
        const x = i * (WIDTH + GAP);
        let top = HEIGHT;
        return (
          <g key={each.hour}>
            <rect x={x} y={HEIGHT - 1} width={WIDTH} height={1} className="fill-line" />
            {KINDS.map(([kind, colour]) => {
              // A single failure among thousands can still be seen.
              const height = each[kind] === 0 ? 0 : Math.max(1.5, (each[kind] / most) * (HEIGHT - 2));
              top -= height;
              return <rect key={kind} x={x} y={Math.max(0, top)} width={WIDTH} height={height} className={colour} />;
            })}
          </g>
        );
      })}
    </svg>
  );
}

function ended({ complete, errored, terminated }: Hour): number {
  return complete + errored + terminated;
}

/** What the day was like, in a few words. */
export function DayText({ hours }: { readonly hours: readonly Hour[] }) {
  const created = hours.reduce((total, each) => total + each.created, 0);
  const errored = hours.reduce((total, each) => total + each.errored, 0);
  return (
    <span className="text-quiet tabular-nums">
      {created.toLocaleString()} created
      {errored > 0 && <span className="text-bad"> · {errored.toLocaleString()} errored</span>} in 24 h
    </span>
  );
}
