import type { ComponentProps } from "react";

/** How far something is; without a value, that it goes on. */
export function Progress({ className = "", ...rest }: ComponentProps<"progress">) {
  return (
    <progress
      className={`h-1.5 w-40 appearance-none overflow-hidden rounded-full border-0 bg-line indeterminate:animate-pulse indeterminate:bg-accent [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-transparent [&::-webkit-progress-value]:bg-accent ${className}`}
      {...rest}
    />
  );
}
