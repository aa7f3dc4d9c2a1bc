/** An error as user code threw it; with the stack, if the log has one. */
import { Copy } from "../ui/copy.tsx";
import type { ErrorInfo } from "./timeline.ts";

export function Failure({ error: { name, message }, stack }: { readonly error: ErrorInfo; readonly stack?: string | undefined }) {
  return (
    <div className="mt-1 rounded-md border border-bad/40 bg-panel">
      <p className="px-2 py-1.5 font-mono text-xs leading-5 break-words whitespace-pre-wrap text-bad">
        <b>{name}</b>: {message}
      </p>
      {stack !== undefined && (
        <details className="border-t border-bad/40">
          <summary className="cursor-pointer px-2 py-1 text-xs text-quiet">Stack</summary>
          <div className="float-right">
            <Copy text={stack} />
          </div>
          <pre className="overflow-x-auto px-2 pb-2 font-mono text-xs leading-5 text-quiet" tabIndex={0}>
            {stack}
          </pre>
        </details>
      )}
    </div>
  );
}
