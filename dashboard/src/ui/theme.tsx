/** The theme: light, dark or that of the system. */
import { useSyncExternalStore } from "react";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";

export type ThemeChoice = "system" | "light" | "dark";

const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: "system", light: "sun", dark: "moon" } as const;
const KEY = "stepwell.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const readers = new Set<() => void>();
let choice = saved();

function saved(): ThemeChoice {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

function apply(): void {
  const isDark = choice === "dark" || (choice === "system" && system.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
}

apply();
system.addEventListener("change", apply);

/** Kept for the next time. */
export function chooseTheme(next: ThemeChoice): void {
  choice = next;
  localStorage.setItem(KEY, choice);
  apply();
  for (const each of readers) each();
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

export function Theme() {
  const chosen = useSyncExternalStore(subscribe, () => choice);
  return (
    <Button
      look="bare"
      className="px-1.5 text-quiet"
      onClick={() => chooseTheme(NEXT[chosen])}
      aria-label={`Theme: ${chosen}`}
      title={`Theme: ${chosen}`}
    >
      <Icon name={ICONS[chosen]} />
    </Button>
  );
}
