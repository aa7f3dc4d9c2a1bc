/** Shared parts of the settings pages. */
import type { ReactNode } from "react";
import { ROLES, type Role } from "../api/session.ts";

/** How fields look. */
export const FIELD = "rounded-md border border-line bg-page px-2.5 py-1";

interface SectionProps {
  readonly title: string;
  /** What it is for. */
  readonly about: ReactNode;
  /** Beside the title. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, about, action, children }: SectionProps) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div className="max-w-2xl">
          <h2 className="text-base font-semibold">{title}</h2>
          <p className="text-quiet">{about}</p>
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

/** Not shown on narrow screens. */
export const NARROW = "max-sm:hidden";

interface TableProps {
  readonly label: string;
  /** Titles of columns; that of `Actions` is only for those who do not see what is in it. */
  readonly columns: readonly string[];
  /** Those of them that a narrow screen has no room for: `NARROW` is the class of their cells. */
  readonly extra?: readonly string[];
  readonly children: ReactNode;
}

/** A table that moves sideways by itself where there is no room for it. */
export function Table({ label, columns, extra = [], children }: TableProps) {
  return (
    <div
      data-scroll-restoration-id={label}
      className="relative overflow-x-auto rounded-lg border border-line bg-panel"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table className="w-full text-left" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-quiet">
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                className={`px-3 py-2 font-normal max-sm:px-2 whitespace-nowrap ${extra.includes(column) ? NARROW : ""}`}
              >
                {column === "Actions" ? <span className="sr-only">{column}</span> : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="[&>tr]:border-b [&>tr]:border-line/60 [&>tr:last-child]:border-0 [&_td]:px-3 [&_td]:py-1.5 max-sm:[&_td]:px-2">
          {children}
        </tbody>
      </table>
    </div>
  );
}

interface RoleFieldProps {
  readonly label: string;
  readonly value: Role;
  readonly onChange: (role: Role) => void;
}

/** What each role may do, in short. */
const ABOUT: Readonly<Record<Role, string>> = {
  observer: "reads everything except payloads",
  viewer: "reads everything",
  operator: "also creates and controls instances",
  admin: "full access: deploys, settings, users",
};

export function RoleField({ label, value, onChange }: RoleFieldProps) {
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1">{label}</legend>
      {ROLES.map((role) => (
        <label key={role} className="flex items-baseline gap-2">
          <input type="radio" name={label} value={role} checked={role === value} onChange={() => onChange(role)} />
          <span>
            <b className="font-medium">{role}</b> <span className="text-quiet">{ABOUT[role]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** A role as tables show it. */
export function RoleName({ role }: { readonly role: string }) {
  return <span className="rounded-full border border-line px-2 py-0.5 text-xs">{role}</span>;
}
