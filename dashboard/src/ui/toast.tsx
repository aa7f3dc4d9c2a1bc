/** Toasts: the result of an action, on whatever page is open by then, also for screen readers. */
import { Toast } from "@base-ui/react/toast";
import { Icon } from "./icon.tsx";

const toasts = Toast.createToastManager();

/** Says that something is done. */
function done(what: string): void {
  toasts.add({ title: what, type: "done", timeout: 4_000 });
}

/** Says that something failed, and why; it stays until it is closed. */
export function failed(what: string, cause: unknown): void {
  const description = cause instanceof Error ? cause.message : String(cause);
  toasts.add({ title: what, description, type: "failed", timeout: 0, priority: "high" });
}

/** Does something, and says how it went. True when it is done. */
export async function attempt(what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
  } catch (cause) {
    failed(`${what}: failed`, cause);
    return false;
  }
  done(`${what}: done`);
  return true;
}

/** Where they are shown; once, around everything. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="no-print fixed right-4 bottom-4 z-40 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="flex items-start gap-2.5 rounded-lg border border-line bg-panel p-3 shadow-lg data-limited:hidden"
    >
      <Icon
        name={toast.type === "failed" ? "failed" : "done"}
        className={`mt-0.5 ${toast.type === "failed" ? "text-bad" : "text-good"}`}
      />
      <div className="min-w-0 flex-1">
        <Toast.Title className="font-medium break-words" />
        <Toast.Description className="break-words text-quiet" />
      </div>
      <Toast.Close aria-label="Close" className="rounded p-0.5 text-quiet hover:bg-line/50">
        <Icon name="close" />
      </Toast.Close>
    </Toast.Root>
  ));
}
