/** All limits: the value on this server, how to change it, and the value on Cloudflare. The texts come from docs/limits.md. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Problem } from "../ui/problem.tsx";
import { FIELD, Section, Table } from "./pieces.tsx";
import { limitsQuery, settingsQuery } from "./queries.ts";
import { byteWords, spanWords } from "./spans.ts";
import { FIXED, SETTABLE, type LimitRow } from "./limits.gen.ts";

/** Numbers by the names of limits and settings, in words. */
type InForce = ReadonlyMap<string, string>;

export default function LimitsPage() {
  const { data: limits, error } = useQuery(limitsQuery);
  const { data: settings } = useQuery(settingsQuery);
  const [wanted, setWanted] = useState("");
  if (error !== null && limits === undefined) return <Problem cause={error} />;
  const known: InForce = new Map([
    ...(limits ?? []).map(({ name, value, unit }): [string, string] => [name, inUnit(value, unit)]),
    ...Object.entries(settings ?? {}).map(([name, value]): [string, string] => [name, settingWords(name, value)]),
  ]);
  const isWanted = ({ about }: LimitRow): boolean => about.toLowerCase().includes(wanted.toLowerCase());
  return (
    <div className="flex flex-col gap-6">
      <input
        type="search"
        aria-label="Find a limit"
        placeholder="Find a limit"
        className={`${FIELD} self-start`}
        value={wanted}
        onChange={({ target }) => setWanted(target.value)}
      />
      <Section
        title="Configurable limits"
        about="Options starting with -- belong to the server's command line and take effect when it restarts."
      >
        <Rows label="Configurable limits" rows={SETTABLE.filter(isWanted)} known={known} isSettable />
      </Section>
      <Section
        title="Fixed limits"
        about="Cloudflare's values are for its free and its paid plan; a single value applies to both."
      >
        <Rows label="Fixed limits" rows={FIXED.filter(isWanted)} known={known} />
      </Section>
    </div>
  );
}

interface RowsProps {
  readonly label: string;
  readonly rows: readonly LimitRow[];
  readonly known: InForce;
  readonly isSettable?: boolean;
}

function Rows({ label, rows, known, isSettable = false }: RowsProps) {
  if (rows.length === 0) return <p className="text-quiet">No matching limits.</p>;
  return (
    <Table label={label} columns={["Limit", "Value", ...(isSettable ? ["How to change it"] : []), "Cloudflare"]}>
      {rows.map(({ names, about, value, change, cloudflare }) => (
        <tr key={about} className="align-top">
          <td className="min-w-64">
            <Prose text={about} />
          </td>
          <td className="whitespace-nowrap tabular-nums">{inForce(names, known) ?? value}</td>
          {isSettable && (
            <td className="min-w-48 text-quiet">
              <Prose text={change} />
            </td>
          )}
          <td className="min-w-24 text-quiet tabular-nums">
            <Prose text={cloudflare} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** What the server says of the limits of a row; undefined when it says nothing of them. */
function inForce(names: readonly string[], known: InForce): string | undefined {
  const values = new Set(names.flatMap((name) => known.get(name) ?? []));
  return values.size === 0 ? undefined : [...values].join(", ");
}

function inUnit(value: number, unit: "ms" | "s" | "bytes" | "count"): string {
  switch (unit) {
    case "ms":
      return spanWords(value);
    case "s":
      return spanWords(value * 1_000);
    case "bytes":
      return byteWords(value);
    case "count":
      return value.toLocaleString("en");
  }
}

function settingWords(name: string, value: string | number | null): string {
  if (value === null) return "no limit";
  if (typeof value === "string") return value;
  return name.endsWith("Ms") ? spanWords(value) : value.toLocaleString("en");
}

/** Text with names of code in it. */
function Prose({ text }: { readonly text: string }): ReactNode {
  return text.split("`").map((part, i) =>
    i % 2 === 0 ? (
      part
    ) : (
      <code key={part} className="font-mono text-xs">
        {part}
      </code>
    ),
  );
}
