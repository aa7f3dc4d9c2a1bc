import { json, jsonParseLinter } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { tags } from "@lezer/highlight";
import { basicSetup, EditorView } from "codemirror";
import { useEffect, useRef } from "react";
import type { EditorProps } from "./editor.tsx";

const theme = EditorView.theme({
  "&": { fontSize: "12px", backgroundColor: "var(--page)", color: "var(--text)" },
  ".cm-content": { minHeight: "10rem", caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--line) 40%, transparent)" },
});

/** In the page's own colours, which can be read in both themes. */
const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--accent)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: tags.number, color: "var(--busy)" },
  { tag: [tags.bool, tags.null], color: "var(--wait)" },
]);

export default function CodeEditor({ label, value, onChange }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const changed = useRef(onChange);
  changed.current = onChange;

  useEffect(() => {
    if (place.current === null) return;
    // In a tree of its own, the editor's styles need no element that the page's policy would refuse.
    const root = place.current.shadowRoot ?? place.current.attachShadow({ mode: "open" });
    const made = new EditorView({
      doc: value,
      parent: root,
      root,
      extensions: [
        basicSetup,
        json(),
        syntaxHighlighting(colours),
        linter((editor) => (editor.state.doc.length === 0 ? [] : jsonParseLinter()(editor))),
        theme,
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed.current(update.state.doc.toString());
        }),
      ],
    });
    view.current = made;
    return () => made.destroy();
    // Made once: what comes from outside later is put into it below.
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={place} className="max-h-96 overflow-auto rounded-md border border-line" />;
}
