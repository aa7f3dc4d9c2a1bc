import type { ComponentProps, ReactNode } from "react";

const LOOKS = {
  plain: "border-line bg-panel hover:border-quiet",
  main: "border-transparent bg-accent text-white dark:text-slate-950 hover:opacity-90",
  danger: "border-line bg-panel text-bad hover:border-bad",
  bare: "border-transparent hover:bg-line/50",
} as const;

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: keyof typeof LOOKS;
  readonly children: ReactNode;
}

/** What is pressed to do something. */
export function Button({ look = "plain", className = "", type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={`inline-flex items-center gap-1.5 rounded-md border px-2.5 py-1 font-medium whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-50 ${LOOKS[look]} ${className}`}
      {...rest}
    />
  );
}
