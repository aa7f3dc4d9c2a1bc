/** A value as JSON. Long values are cut; copying copies all. */
import { useState } from "react";
import { Button } from "./button.tsx";
import { Copy } from "./copy.tsx";

/** Characters that are shown at first. */
const SHOWN = 20_000;

/** True for what the server shows instead of a payload that the reader's role does not let them see. */
function isHidden(value: unknown): boolean {
  return typeof value === "object" && value !== null && "$hidden" in value;
}

export function Value(props: { readonly value: unknown; readonly label: string }) {
  return isHidden(props.value) ? <Hidden label={props.label} /> : <Shown {...props} />;
}

function Hidden({ label }: { readonly label: string }) {
  return (
    <section aria-label={label} className="rounded-md border border-dashed border-line">
      <h3 className="border-b border-dashed border-line px-3 py-1 font-medium">{label}</h3>
      <p className="p-3 text-quiet">
        <span aria-hidden>◌ </span>Hidden for your role
      </p>
    </section>
  );
}

function Shown({ value, label }: { readonly value: unknown; readonly label: string }) {
  const [whole, setWhole] = useState(false);
  const text = jsonText(value);
  const isCut = !whole && text.length > SHOWN;
  return (
    <section aria-label={label} className="rounded-md border border-line">
      <header className="flex items-center justify-between border-b border-line py-0.5 pr-1 pl-3">
        <h3 className="font-medium">{label}</h3>
        <Copy text={text} />
      </header>
      <pre className="max-h-96 overflow-auto p-3 font-mono text-xs leading-5 break-words whitespace-pre-wrap" tabIndex={0}>
        {isCut ? `${text.slice(0, SHOWN)}…` : text}
      </pre>
      {isCut && (
        <Button look="bare" className="m-1" onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString()} characters
        </Button>
      )}
    </section>
  );
}

function jsonText(value: unknown): string {
  if (value === undefined) return "undefined";
  if (typeof value !== "string") return JSON.stringify(value, undefined, 2);
  try {
    return JSON.stringify(JSON.parse(value), undefined, 2);
  } catch {
    return value;
  }
}
