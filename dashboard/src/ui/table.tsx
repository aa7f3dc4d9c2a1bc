/** A table from column definitions. Less important columns are hidden on narrow screens. */
import type { ReactNode } from "react";

export interface Column<T> {
  /** Empty for what can be done to a row. */
  readonly head: string;
  readonly cell: (row: T) => ReactNode;
  /** Only shown from this width of the page on. */
  readonly from?: "sm" | "md" | "lg";
  /** For what is to take the width that is left; only there lines are broken. */
  readonly wide?: boolean;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
}

const FROM = { sm: "max-sm:hidden", md: "max-md:hidden", lg: "max-lg:hidden" } as const;

export function Table<T>({ label, columns, rows, keyOf }: TableProps<T>) {
  const looks = columns.map(
    ({ head, from, wide }) =>
      `${from === undefined ? "" : FROM[from]} ${head === "" ? "no-print" : ""} ${wide === true ? "w-full" : "whitespace-nowrap"}`,
  );
  return (
    <div
      className="relative overflow-x-auto rounded-lg border border-line bg-panel"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-line text-xs text-quiet">
            {columns.map(({ head }, i) => (
              <th key={head} scope="col" className={`h-9 px-3 font-medium whitespace-nowrap ${looks[i]}`}>
                {head === "" ? <span className="sr-only">Actions</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-b border-line/60 last:border-b-0 hover:bg-line/25">
              {columns.map(({ head, cell }, i) => (
                <td key={head} className={`h-10 px-3 py-1.5 ${looks[i]}`}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
