/**
 * Detects that the server does not respond: a failed query starts polling every other second, and all queries are refetched
 * as soon as the server is back.
 */
import { useSyncExternalStore } from "react";
import { ApiError } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";

const AGAIN_MS = 2_000;

let isLost = false;
const readers = new Set<() => void>();

function set(next: boolean): void {
  if (isLost === next) return;
  isLost = next;
  for (const each of readers) each();
  if (isLost) setTimeout(() => void ask(), AGAIN_MS);
  else void queryClient.invalidateQueries();
}

async function ask(): Promise<void> {
  const answers = await fetch("/healthz").then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers) set(false);
  else setTimeout(() => void ask(), AGAIN_MS);
}

queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== "updated") return;
  if (event.action.type === "success") set(false);
  if (event.action.type === "error" || event.action.type === "failed") {
    const { error } = event.action;
    if (error instanceof ApiError && error.status === 0) set(true);
  }
});

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** Says so while the server does not answer. */
export function Connection() {
  const lost = useSyncExternalStore(subscribe, () => isLost);
  return (
    <span role="status" className="no-print">
      {lost && (
        <span className="inline-flex items-center gap-1.5 text-xs font-medium whitespace-nowrap text-bad">
          <span aria-hidden className="size-2 rounded-full bg-bad" />
          No response<span className="max-sm:sr-only"> from the server, trying again</span>
        </span>
      )}
    </span>
  );
}
