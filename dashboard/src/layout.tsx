/** What is around every page. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { logOut, sessionQuery } from "./api/session.ts";
import { Login } from "./login.tsx";
import { Button } from "./ui/button.tsx";
import { Theme } from "./ui/theme.tsx";

export function Layout() {
  const { data: session } = useQuery(sessionQuery);
  return (
    <>
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2">
        Skip to the page
      </a>
      <header className="no-print sticky top-0 z-10 border-b border-line bg-panel">
        <nav aria-label="Main" className="mx-auto flex h-12 max-w-[120rem] items-center gap-5 px-4 max-sm:gap-3">
          <Link to="/" className="flex items-center gap-2 text-base font-semibold">
            <img src="/icon.svg" alt="" className="size-5" />
            <span className="max-sm:sr-only">stepwell</span>
          </Link>
          <Link to="/" className="plain text-quiet [&.active]:text-text" activeOptions={{ exact: true }}>
            Workflows
          </Link>
          <Link to="/settings" className="plain text-quiet [&.active]:text-text">
            Settings
          </Link>
          <span className="flex-1" />
          {session?.needed && session.logged_in && (
            <span className="min-w-0 truncate text-quiet max-sm:hidden" title={`Logged in as ${session.name}, ${session.role}`}>
              <b className="font-medium text-text">{session.name}</b> · {session.role}
            </span>
          )}
          {session?.needed && session.logged_in && (
            <Button look="bare" onClick={() => void logOut()}>
              Log out
            </Button>
          )}
          <Theme />
        </nav>
      </header>
      <main id="page" className="mx-auto max-w-[120rem] p-4">
        {session && (session.logged_in ? <Outlet /> : <Login />)}
      </main>
    </>
  );
}

export function NotFound() {
  return (
    <p>
      There is nothing here.{" "}
      <Link to="/" className="plain text-accent">
        All workflows
      </Link>
    </p>
  );
}
