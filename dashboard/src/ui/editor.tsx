/** A field for JSON. The editor is loaded on first use. */
import { lazy, Suspense } from "react";

const CodeEditor = lazy(() => import("./code-editor.tsx"));

export interface EditorProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

export function Editor(props: EditorProps) {
  return (
    <Suspense fallback={<div className="h-48 rounded-md border border-line bg-page" />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}

/** What a text says as JSON: a value, or why it is none. Nothing at all is `{}`. */
export function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  if (text.trim() === "") return { value: {} };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : String(cause) };
  }
}
