/** The frame of the settings pages, with their tabs. */
import { Link, Outlet } from "@tanstack/react-router";

const TABS = [
  ["/settings/access", "Tokens & users"],
  ["/settings/policies", "Retention & concurrency"],
  ["/settings/limits", "Limits"],
  ["/settings/audit", "Audit log"],
] as const;

export default function SettingsLayout() {
  return (
    <div className="flex flex-col gap-5">
      <h1 className="text-lg font-semibold">Settings</h1>
      <nav aria-label="Settings" className="flex gap-5 overflow-x-auto border-b border-line">
        {TABS.map(([to, title]) => (
          <Link
            key={to}
            to={to}
            className="-mb-px border-b-2 border-transparent px-0.5 pb-2 whitespace-nowrap text-quiet hover:text-text [&.active]:border-accent [&.active]:font-medium [&.active]:text-text"
          >
            {title}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  );
}
