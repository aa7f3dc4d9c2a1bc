/** One script: versions, deployments, bindings, secrets, settings and live log. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { Chip } from "../ui/chip.tsx";
import { Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { TabBar, TabLink } from "../ui/tabs.tsx";
import { Moment } from "../ui/time.tsx";
import { Bindings } from "./bindings.tsx";
import { scriptQuery } from "./queries.ts";
import { Secrets } from "./secrets.tsx";
import { Settings } from "./settings.tsx";
import { Deployments, Versions } from "./versions.tsx";

const route = getRouteApi("/scripts/$script");

const Tail = lazy(() => import("./tail.tsx"));

const VIEWS = [
  { view: undefined, title: "Versions" },
  { view: "deployments", title: "Deployments" },
  { view: "bindings", title: "Bindings" },
  { view: "secrets", title: "Secrets" },
  { view: "settings", title: "Settings" },
  { view: "tail", title: "Live log" },
] as const;

export default function ScriptPage() {
  const { script } = route.useParams();
  const { view } = route.useSearch();
  const { data, error, refetch } = useQuery({ ...scriptQuery(script), refetchInterval: 5_000 });
  return (
    <div className="flex flex-col gap-4">
      <header className="flex min-h-14 flex-col gap-1">
        <h1 className="text-lg font-semibold break-all">{script}</h1>
        {data && (
          <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-quiet">
            <Chip tone="good">v{data.version.number} active</Chip>
            <span>
              deployed <Moment at={data.deployed_on} />
            </span>
            {data.workflows.map(({ name }) => (
              <Link key={name} to="/workflows/$workflow" params={{ workflow: name }} className="plain text-accent">
                {name}
              </Link>
            ))}
          </p>
        )}
      </header>
      <TabBar label="Views of the script">
        {VIEWS.map(({ view: each, title }) => (
          <TabLink
            key={title}
            to="/scripts/$script"
            params={{ script }}
            search={{ view: each }}
            activeOptions={{ includeSearch: true, explicitUndefined: true }}
          >
            {title}
          </TabLink>
        ))}
      </TabBar>
      {error !== null && data === undefined ? (
        <Problem cause={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton label={script} />
      ) : view === "deployments" ? (
        <Deployments script={script} />
      ) : view === "bindings" ? (
        <Bindings script={script} />
      ) : view === "secrets" ? (
        <Secrets script={script} />
      ) : view === "settings" ? (
        <Settings script={data} />
      ) : view === "tail" ? (
        <Suspense fallback={<Skeleton label="the log" />}>
          <Tail key={script} script={script} />
        </Suspense>
      ) : (
        <Versions script={script} />
      )}
    </div>
  );
}
