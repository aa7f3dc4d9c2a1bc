/** Runs the work of a button and keeps its error until the next attempt. */
import { useState } from "react";

interface Attempted {
  readonly attempt: (work: () => Promise<void>) => void;
  readonly failure: Error | undefined;
  /** True while it runs. */
  readonly busy: boolean;
}

export function useAttempt(): Attempted {
  const [failure, setFailure] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const tried = async (work: () => Promise<void>): Promise<void> => {
    setFailure(undefined);
    setBusy(true);
    try {
      await work();
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };
  return { attempt: (work) => void tried(work), failure, busy };
}
