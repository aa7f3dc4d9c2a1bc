/** The state of a dialog that sends a request: busy, or failed with an error. */
import { useState } from "react";

interface Asking {
  readonly failure: Error | undefined;
  readonly isBusy: boolean;
  /** Does the work; resolves to true on success. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  /** Clears the error. */
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
