/** The commands of every page, and those derived from its URL. */
import { useNavigate, useParams } from "@tanstack/react-router";
import { SECTIONS } from "../shell/trail.ts";
import { chooseTheme } from "../ui/theme.tsx";
import { chooseZone } from "../ui/time.tsx";
import { useCommands } from "./commands.ts";

/** Offers them. */
export function useOwnCommands(): void {
  const navigate = useNavigate();
  const { workflow, script } = useParams({ strict: false });
  useCommands([
    ...(workflow === undefined
      ? []
      : [
          {
            name: `Create an instance of ${workflow}`,
            keys: "c",
            run: () => void navigate({ to: "/workflows/$workflow/new", params: { workflow } }),
          },
        ]),
    ...(script === undefined
      ? []
      : [{ name: `Open ${script} in the browser`, run: () => void window.open(`/workers/${script}/`, "_blank", "noopener") }]),
    ...SECTIONS.map(({ title, to, key }) => ({ name: `Go to ${title}`, keys: `g ${key}`, run: () => void navigate({ to }) })),
    { name: "Light theme", run: () => chooseTheme("light") },
    { name: "Dark theme", run: () => chooseTheme("dark") },
    { name: "System theme", run: () => chooseTheme("system") },
    { name: "Show times in my time zone", run: () => chooseZone("local") },
    { name: "Show times in UTC", run: () => chooseZone("utc") },
  ]);
}
