/** The frame of every page: navigation, breadcrumb and connection state. */
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { logOut, sessionQuery } from "./api/session.ts";
import { Login } from "./login.tsx";
import { useKeyboard } from "./palette/keyboard.ts";
import { useOwnCommands } from "./palette/own.ts";
import { Connection } from "./shell/connection.tsx";
import { SECTIONS, titleOf, useTrail } from "./shell/trail.ts";
import { Button, ButtonLink } from "./ui/button.tsx";
import { Icon } from "./ui/icon.tsx";
import { Menu, MenuItem } from "./ui/menu.tsx";
import { Empty } from "./ui/problem.tsx";
import { Theme } from "./ui/theme.tsx";
import { chooseZone, useZone } from "./ui/time.tsx";
import { Toasts } from "./ui/toast.tsx";

const loadPalette = () => import("./palette/palette.tsx");

const Palette = lazy(loadPalette);

/** When the page is idle, in milliseconds. */
const LATER_MS = 1_000;

export function Layout() {
  const { data: session } = useQuery(sessionQuery);
  const [open, setOpen] = useState<"palette" | "help">();
  const isIn = session?.logged_in === true;
  useKeyboard(
    !isIn || open !== undefined,
    useCallback((what) => setOpen(what), []),
  );
  useLater(loadPalette);
  useOwnCommands();
  usePageTitle();
  return (
    <>
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2">
        Skip to content
      </a>
      <header className="no-print sticky top-0 z-10 border-b border-line bg-panel">
        <div className="mx-auto flex h-12 max-w-[120rem] items-center gap-1 px-4">
          <Link to="/" className="mr-4 flex items-center gap-2 text-base font-semibold tracking-tight">
            <img src="/icon.svg" alt="" width={20} height={20} className="size-5" />
            stepwell
          </Link>
          {isIn && <Sections />}
          <span className="flex-1" />
          <Connection />
          {isIn && (
            <Button
              className="text-quiet max-sm:border-transparent max-sm:px-1.5 sm:w-36 xl:w-44"
              aria-keyshortcuts="Control+K"
              onClick={() => setOpen("palette")}
            >
              <Icon name="search" />
              <span className="flex-1 text-left font-normal max-sm:sr-only">Search</span>
              <kbd aria-hidden className="font-sans text-xs font-normal max-sm:hidden">
                Ctrl K
              </kbd>
            </Button>
          )}
          <ZoneSwitch />
          <Theme />
          {session?.needed === true && isIn && (
            <span
              className="max-w-48 min-w-0 truncate px-2 text-quiet max-lg:hidden"
              title={`Logged in as ${session.name}, ${session.role}`}
            >
              <b className="font-medium text-text">{session.name}</b> · {session.role}
            </span>
          )}
          {session?.needed === true && isIn && (
            <Button look="bare" className="max-lg:hidden" onClick={() => void logOut()}>
              Log out
            </Button>
          )}
          {isIn && <SmallMenu canLogOut={session.needed} />}
        </div>
      </header>
      <main id="page" tabIndex={-1} className="mx-auto max-w-[120rem] px-4 py-4 outline-none">
        {session && (isIn ? <Page /> : <Login />)}
      </main>
      {isIn && open !== undefined && (
        <Suspense>
          <Palette what={open} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
      <Toasts />
    </>
  );
}

function Page() {
  const trail = useTrail();
  return (
    <>
      {trail.length > 1 && (
        <nav aria-label="Breadcrumb" className="no-print mb-2 flex flex-wrap items-center gap-x-1.5 text-xs text-quiet">
          {trail.map(({ title, to }, i) =>
            i === trail.length - 1 ? (
              <span key={to} aria-current="page" className="max-w-full truncate">
                {title}
              </span>
            ) : (
              <span key={to} className="contents">
                <Link to={to} className="plain max-w-full truncate hover:text-text">
                  {title}
                </Link>
                <Icon name="right" className="size-3" />
              </span>
            ),
          )}
        </nav>
      )}
      <Outlet />
    </>
  );
}

/** The section that the page belongs to. */
function useSection(): string | undefined {
  return useTrail()[0]?.to;
}

function Sections() {
  const current = useSection();
  return (
    <nav aria-label="Main" className="flex h-full gap-1 max-lg:hidden">
      {SECTIONS.map(({ title, to }) => (
        <Link
          key={to}
          to={to}
          aria-current={to === current ? "page" : undefined}
          className={`flex items-center border-b-2 px-2.5 pt-0.5 ${to === current ? "border-accent font-semibold" : "border-transparent text-quiet hover:text-text"}`}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** All of that where there is little room. */
function SmallMenu({ canLogOut }: { readonly canLogOut: boolean }) {
  return (
    <div className="lg:hidden">
      <Menu
        trigger={
          <Button look="bare" className="px-1.5" aria-label="Menu">
            <Icon name="menu" />
          </Button>
        }
      >
        {SECTIONS.map(({ title, to }) => (
          <MenuItem key={to} render={<Link to={to} />}>
            {title}
          </MenuItem>
        ))}
        {canLogOut && <MenuItem onChoose={() => void logOut()}>Log out</MenuItem>}
      </Menu>
    </div>
  );
}

function ZoneSwitch() {
  const zone = useZone();
  const title = zone === "utc" ? "UTC: times are shown in UTC" : "Local: times are shown in your time zone";
  return (
    <Button
      look="bare"
      className="w-11 justify-center px-0 text-xs text-quiet"
      aria-label={title}
      title={title}
      onClick={() => chooseZone(zone === "utc" ? "local" : "utc")}
    >
      {zone === "utc" ? "UTC" : "Local"}
    </Button>
  );
}

/** Loads what may be wanted once the page is there. */
function useLater(load: () => Promise<unknown>): void {
  useEffect(() => {
    // Without an answer now it is loaded when it is wanted.
    const id = setTimeout(() => void load().catch(() => undefined), LATER_MS);
    return () => clearTimeout(id);
  }, [load]);
}

/** The document is called what the page is, and who goes to another page is taken to its heading. */
function usePageTitle(): void {
  const title = titleOf(useTrail());
  const router = useRouter();
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged) return;
        const heading = document.querySelector<HTMLElement>("main h1") ?? document.querySelector<HTMLElement>("main");
        heading?.setAttribute("tabindex", "-1");
        heading?.focus({ preventScroll: true });
      }),
    [router],
  );
}

export function NotFound() {
  return (
    <Empty title="Page not found">
      <p>No page exists at this address.</p>
      <div>
        <ButtonLink to="/">All workflows</ButtonLink>
      </div>
    </Empty>
  );
}
