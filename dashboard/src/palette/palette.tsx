/** The command palette: finds pages, workflows, scripts and instances, and runs the actions of the page. */
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { Status } from "../ui/status.tsx";
import type { InstanceStatus } from "../api/types.ts";
import { commands, type Command } from "./commands.ts";
import { KEYS } from "./keyboard.ts";
import { searchQuery } from "./queries.ts";

interface PaletteProps {
  readonly what: "palette" | "help";
  readonly onClose: () => void;
}

const POPUP =
  "fixed top-[12vh] left-1/2 z-30 flex max-h-[76vh] w-[min(38rem,calc(100vw-2rem))] -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-panel shadow-2xl outline-none";

export default function Palette({ what, onClose }: PaletteProps) {
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-20 bg-black/40" />
        <Dialog.Popup className={POPUP}>{what === "help" ? <Help /> : <Finder onClose={onClose} />}</Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Something that can be chosen, and the line that it is shown on. */
interface Choice extends Command {
  readonly kind: string;
  readonly status?: InstanceStatus;
}

function Finder({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const active = useRef<HTMLDivElement>(null);
  const choices = useChoices(text.trim());
  const chosen = Math.min(at, choices.length - 1);
  const run = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    onClose();
    choice.run();
  };
  useEffect(() => {
    active.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <>
      <Dialog.Title className="sr-only">Search or run an action</Dialog.Title>
      <input
        role="combobox"
        aria-label="Search or run an action"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={chosen < 0 ? undefined : `${list}-${chosen}`}
        aria-autocomplete="list"
        autoFocus
        spellCheck={false}
        placeholder="Workflow, instance id, page or action"
        value={text}
        className="h-12 shrink-0 border-b border-line bg-transparent px-4 text-base outline-none"
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (by !== undefined) setAt((chosen + by + choices.length) % Math.max(1, choices.length));
          else if (event.key === "Enter") run(choices[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <div id={list} role="listbox" aria-label="Results" className="min-h-0 flex-1 overflow-y-auto p-1.5">
        {choices.map((choice, i) => (
          <div
            key={`${choice.kind} ${choice.name}`}
            id={`${list}-${i}`}
            ref={i === chosen ? active : undefined}
            role="option"
            aria-selected={i === chosen}
            className={`flex cursor-pointer items-center gap-3 rounded-md px-2.5 py-1.5 ${i === chosen ? "bg-line/60" : ""}`}
            onPointerMove={() => setAt(i)}
            onClick={() => run(choice)}
          >
            <span className="min-w-0 flex-1 truncate">{choice.name}</span>
            {choice.status !== undefined && <Status status={choice.status} />}
            <span className="max-w-40 truncate text-xs text-quiet">{choice.kind}</span>
            {choice.keys !== undefined && <Keys keys={choice.keys} />}
          </div>
        ))}
        {choices.length === 0 && <p className="p-3 text-quiet">No results. Instances are found by the start of their id.</p>}
      </div>
      <p aria-hidden className="flex gap-4 border-t border-line px-4 py-2 text-xs text-quiet max-sm:hidden">
        <span>↑ ↓ to select</span>
        <span>Enter to open</span>
        <span>Esc to close</span>
        <span className="flex-1 text-right">? for all shortcuts</span>
      </p>
    </>
  );
}

function useChoices(text: string): readonly Choice[] {
  const navigate = useNavigate();
  const { data } = useQuery(searchQuery(text));
  const words = text.toLowerCase().split(/\s+/);
  const known = commands()
    .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
    .map((each) => ({ ...each, kind: "" }));
  if (text === "" || data === undefined) return known;
  const { workflows, scripts, instances } = data;
  return [
    ...workflows.map((workflow) => ({
      name: workflow,
      kind: "Workflow",
      run: () => void navigate({ to: "/workflows/$workflow", params: { workflow } }),
    })),
    ...scripts.map((script) => ({
      name: script,
      kind: "Script",
      run: () => void navigate({ to: "/scripts/$script", params: { script } }),
    })),
    ...instances.map(({ workflow, id, status }) => ({
      name: id,
      kind: `in ${workflow}`,
      status,
      run: () => void navigate({ to: "/workflows/$workflow/instances/$id", params: { workflow, id } }),
    })),
    ...known,
  ];
}

function Help() {
  const named = commands().flatMap(({ name, keys }) => (keys === undefined ? [] : [[keys, name] as const]));
  return (
    <div className="overflow-y-auto p-5" tabIndex={0}>
      <Dialog.Title className="mb-3 text-base font-semibold">Keys</Dialog.Title>
      <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-5 gap-y-2">
        {[...KEYS, ...named].map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <Keys keys={keys} />
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className="flex gap-1">
      {keys.split(" ").map((key) => (
        <kbd
          key={key}
          className="min-w-5 rounded border border-line bg-page px-1 text-center font-sans text-xs leading-5 text-quiet"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}
