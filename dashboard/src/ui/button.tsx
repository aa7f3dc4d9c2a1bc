/** Buttons, and links that look like buttons. */
import { createLink } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";
import type { Role } from "../api/session.ts";
import { May } from "./may.tsx";

const LOOKS = {
  plain: "border-line bg-panel hover:border-quiet",
  main: "border-transparent bg-accent text-on-accent hover:opacity-90",
  danger: "border-line bg-panel text-bad hover:border-bad",
  bare: "border-transparent hover:bg-line/50",
} as const;

interface Looks {
  readonly look?: keyof typeof LOOKS;
}

const buttonClass = (look: keyof typeof LOOKS): string =>
  `inline-flex min-h-7 items-center gap-1.5 rounded-md border px-2.5 py-1 font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed aria-disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:opacity-50 ${LOOKS[look]}`;

interface ButtonProps extends ComponentProps<"button">, Looks {
  /** The required role. With a lesser one the button is disabled and explains why. */
  readonly needs?: Role;
  readonly children: ReactNode;
}

export function Button({ look = "plain", needs, className = "", type = "button", ...rest }: ButtonProps) {
  const button = <button type={type} className={`${buttonClass(look)} ${className}`} {...rest} />;
  return needs === undefined ? button : <May role={needs}>{button}</May>;
}

function Anchor({ look = "plain", className = "", ...rest }: ComponentProps<"a"> & Looks) {
  return <a className={`${buttonClass(look)} ${className}`} {...rest} />;
}

/** A link of the router that looks like a button. */
export const ButtonLink = createLink(Anchor);
