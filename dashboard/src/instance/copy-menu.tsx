/** The menu of snippets to copy. */
import { Menu } from "@base-ui/react/menu";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { instanceQuery } from "../api/queries.ts";
import { sessionQuery } from "../api/session.ts";
import { createForms, readForms, type Form, type Source } from "./copy-as.ts";
import type { Timeline } from "./timeline.ts";

/** How long it says that something was copied, in milliseconds. */
const SAID_MS = 1_500;

export function CopyMenu({ timeline: { workflow, id } }: { readonly timeline: Timeline }) {
  const { data: instance } = useQuery(instanceQuery(workflow, id));
  const { data: session } = useQuery(sessionQuery);
  const [done, setDone] = useState<string>();
  const needsToken = session?.needed === true;
  const source: Source = { origin: location.origin, workflow, id, params: instance?.params, needsToken };
  const copy = async ({ name, text }: Form): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setDone(name);
    setTimeout(() => setDone(undefined), SAID_MS);
  };
  return (
    <Menu.Root>
      <Menu.Trigger className="inline-flex items-center gap-1.5 rounded-md border border-line bg-panel px-2.5 py-1 font-medium whitespace-nowrap hover:border-quiet">
        {done === undefined ? "Copy as" : `Copied ${done}`}
        <span aria-hidden className="text-quiet">
          ▾
        </span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="start" className="z-30">
          <Menu.Popup className="min-w-56 rounded-lg border border-line bg-panel p-1 text-sm shadow-xl outline-none">
            <Forms title="This instance" forms={readForms(source)} onCopy={(form) => void copy(form)} />
            <Menu.Separator className="my-1 border-t border-line" />
            <Forms title="Create a similar instance" forms={createForms(source)} onCopy={(form) => void copy(form)} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

interface FormsProps {
  readonly title: string;
  readonly forms: readonly Form[];
  readonly onCopy: (form: Form) => void;
}

function Forms({ title, forms, onCopy }: FormsProps) {
  return (
    <Menu.Group>
      <Menu.GroupLabel className="px-2 py-1 text-xs text-quiet">{title}</Menu.GroupLabel>
      {forms.map((form) => (
        <Menu.Item
          key={form.name}
          onClick={() => onCopy(form)}
          className="cursor-default rounded px-2 py-1 outline-none data-highlighted:bg-line/60"
        >
          {form.name}
        </Menu.Item>
      ))}
    </Menu.Group>
  );
}
