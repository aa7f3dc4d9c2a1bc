import type { ComponentProps, ReactNode } from "react";
import type { Role } from "../api/session.ts";
import { May } from "./may.tsx";

const LOOKS = {
  plain: "border-line bg-panel hover:border-quiet",
  main: "border-transparent bg-accent text-white dark:text-slate-950 hover:opacity-90",
  danger: "border-line bg-panel text-bad hover:border-bad",
  bare: "border-transparent hover:bg-line/50",
} as const;

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: keyof typeof LOOKS;
  /** The role that it takes to do this; whoever has a lesser one is told so. */
  readonly needs?: Role;
  readonly children: ReactNode;
}

/** What is pressed to do something. */
export function Button({ look = "plain", needs, className = "", type = "button", ...rest }: ButtonProps) {
  const button = (
    <button
      type={type}
      className={`inline-flex items-center gap-1.5 rounded-md border px-2.5 py-1 font-medium whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-50 ${LOOKS[look]} ${className}`}
      {...rest}
    />
  );
  return needs === undefined ? button : <May role={needs}>{button}</May>;
}
