/** Tabs as links, each view with a URL of its own. */
import { createLink } from "@tanstack/react-router";
import type { ComponentProps, ReactNode } from "react";

export function TabBar({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <nav aria-label={label} className="no-print flex gap-1 overflow-x-auto overflow-y-hidden border-b border-line">
      {children}
    </nav>
  );
}

function Tab({ className = "", ...rest }: ComponentProps<"a">) {
  return (
    <a
      className={`-mb-px border-b-2 border-transparent px-2.5 py-1.5 whitespace-nowrap text-quiet hover:text-text [&.active]:border-accent [&.active]:font-semibold [&.active]:text-text ${className}`}
      {...rest}
    />
  );
}

/** One of them. The router marks it while its address is the current one. */
export const TabLink = createLink(Tab);
