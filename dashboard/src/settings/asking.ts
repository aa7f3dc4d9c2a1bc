/** A dialog that does something: what it says while it does, and when it was refused. */
import { useState } from "react";

interface Asking {
  readonly failure: Error | undefined;
  readonly isBusy: boolean;
  /** Does the work; answers whether it went well. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  /** Forgets what was refused. */
  readonly reset: () => void;
}

export function useAsking(): Asking {
  const [failure, setFailure] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  return {
    failure,
    isBusy,
    reset: () => setFailure(undefined),
    run: async (work) => {
      setBusy(true);
      setFailure(undefined);
      try {
        await work();
        return true;
      } catch (cause) {
        setFailure(cause instanceof Error ? cause : new Error(String(cause)));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
