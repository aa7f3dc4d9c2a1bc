import { useState } from "react";
import { Button } from "./button.tsx";

/** Puts a text on the clipboard, and says so. */
export function Copy({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1_500);
  };
  return (
    <Button look="bare" className="text-quiet" onClick={() => void copy()}>
      {done ? "Copied" : label}
    </Button>
  );
}

/** A command to be typed elsewhere. */
export function Command({ text }: { readonly text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-page p-2">
      <pre className="min-w-0 flex-1 overflow-x-auto font-mono text-xs leading-5" tabIndex={0}>
        {text}
      </pre>
      <span className="-my-1">
        <Copy text={text} />
      </span>
    </div>
  );
}
