/** Keyboard shortcuts of every page, inactive in fields and dialogs. */
import { useEffect } from "react";
import { commands } from "./commands.ts";

/** The second key of two has to come within this time, in milliseconds. */
const PATIENCE_MS = 1_200;

/** What `j` and `k` go through, as far as it has a link or a button: rows of tables, and entries with a heading. */
const ITEMS = "main tbody tr, main [role=row]:has([role=cell]), main li:has(h2)";

const FIELDS = "main :is(input[type=search], form[aria-label=Filter] :is(input, select, [role=combobox]))";

/** What is pressed, and what it does, as the help shows it; commands have keys besides. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl K", "Search pages and actions"],
  ["/", "Focus the search or filter of the page"],
  ["j", "Next list item"],
  ["k", "Previous list item"],
  ["?", "Show this help"],
];

function isBusy({ target }: KeyboardEvent): boolean {
  if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu]") !== null) return true;
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

/** An editor in a tree of its own is only seen as the element around that. */
function isWriting(event: KeyboardEvent): boolean {
  const [inner] = event.composedPath();
  return inner instanceof HTMLElement && inner.isContentEditable;
}

function move(by: 1 | -1): void {
  const items = [...document.querySelectorAll<HTMLElement>(ITEMS)].flatMap(
    (item) => item.querySelector<HTMLElement>("a[href], button") ?? [],
  );
  const at = items.findIndex((item) => item === document.activeElement);
  items[at < 0 ? (by === 1 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))]?.focus();
}

/** Listens to shortcuts, except while the palette is open or opening, or without a login. `open` opens the palette. */
export function useKeyboard(isOff: boolean, open: (what: "palette" | "help") => void): void {
  useEffect(() => {
    let first = "";
    let firstAt = 0;
    const listen = (event: KeyboardEvent): void => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === "k") {
        event.preventDefault();
        if (!isOff) open("palette");
        return;
      }
      if (isOff || ctrlKey || metaKey || altKey || isBusy(event) || isWriting(event)) return;
      const typed = event.timeStamp - firstAt < PATIENCE_MS ? `${first} ${key}` : key;
      const work =
        own[key] ?? (commands().find(({ keys }) => keys === typed) ?? commands().find(({ keys }) => keys === key))?.run;
      first = key;
      firstAt = event.timeStamp;
      if (work === undefined) return;
      event.preventDefault();
      firstAt = Number.NEGATIVE_INFINITY;
      work();
    };
    const own: Readonly<Record<string, () => void>> = {
      "?": () => open("help"),
      "/": () => {
        const field = document.querySelector<HTMLElement>(FIELDS);
        if (field === null) open("palette");
        else field.focus();
      },
      j: () => move(1),
      k: () => move(-1),
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [isOff, open]);
}
