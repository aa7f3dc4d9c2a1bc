/** Light, dark, or whatever the system has. */
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";

type Choice = "system" | "light" | "dark";

const NEXT: Readonly<Record<Choice, Choice>> = { system: "light", light: "dark", dark: "system" };
const KEY = "stepwell.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function saved(): Choice {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

function apply(choice: Choice): void {
  const isDark = choice === "dark" || (choice === "system" && system.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
}

apply(saved());

export function Theme() {
  const [choice, setChoice] = useState(saved);
  useEffect(() => {
    localStorage.setItem(KEY, choice);
    apply(choice);
    const follow = (): void => apply(choice);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [choice]);
  return (
    <Button look="bare" onClick={() => setChoice(NEXT[choice])} aria-label={`Theme: ${choice}`}>
      {choice === "system" ? "◐" : choice === "light" ? "☀" : "☾"}
    </Button>
  );
}
