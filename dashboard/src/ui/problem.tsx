/** Errors and empty states, with what to do next. */
import type { ReactNode } from "react";
import { Button } from "./button.tsx";

export function Problem({ cause, retry }: { readonly cause: Error; readonly retry?: () => void }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 rounded-md border border-bad/40 bg-panel p-3">
      <p className="text-bad">{cause.message}</p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** A place where there is nothing yet. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="mx-auto flex w-full max-w-2xl min-w-0 flex-col gap-3 rounded-lg border border-dashed border-line p-4 sm:p-8">
      <h2 className="text-base font-semibold">{title}</h2>
      {children}
    </div>
  );
}
