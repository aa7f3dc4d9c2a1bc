/** The addresses of a script, its triggers, and the settings of its deployment. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Copy } from "../ui/copy.tsx";

interface SettingsProps {
  readonly script: {
    readonly name: string;
    readonly path: string;
    readonly host_names: readonly string[];
    readonly version: { readonly id: string };
    readonly workflows: readonly { readonly name: string; readonly class_name: string }[];
    readonly crons: readonly string[];
    readonly compatibility_date: string | null;
    readonly compatibility_flags: readonly string[];
  };
}

export function Settings({ script }: SettingsProps) {
  const { path, host_names: names, workflows, crons, version } = script;
  const url = `${location.origin}${path}`;
  return (
    <dl className="grid max-w-4xl gap-x-8 gap-y-4 rounded-lg border border-line bg-panel p-4 sm:grid-cols-[auto_1fr]">
      <Fact name="Address">
        <span className="flex flex-wrap items-center gap-2">
          <a href={path} target="_blank" rel="noreferrer" className="plain break-all text-accent">
            {url}
          </a>
          <span className="-my-1.5">
            <Copy text={url} />
          </span>
        </span>
      </Fact>
      <Fact name="Host names">
        <ul>
          {names.map((name) => (
            <li key={name}>
              <code className="font-mono text-xs break-all">{name}</code>
            </li>
          ))}
        </ul>
      </Fact>
      <Fact name="Workflows">
        {workflows.length === 0 ? (
          <Nothing />
        ) : (
          <ul>
            {workflows.map(({ name, class_name: className }) => (
              <li key={name}>
                <Link to="/workflows/$workflow" params={{ workflow: name }} className="text-accent underline">
                  {name}
                </Link>{" "}
                <span className="text-quiet">class {className}</span>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name="Cron triggers">
        {crons.length === 0 ? (
          <Nothing />
        ) : (
          <>
            <ul>
              {crons.map((cron) => (
                <li key={cron}>
                  <code className="font-mono">{cron}</code>
                </li>
              ))}
            </ul>
            <Link to="/schedules" className="plain text-accent">
              Schedules
            </Link>
          </>
        )}
      </Fact>
      <Fact name="Compatibility date">{script.compatibility_date ?? <Nothing />}</Fact>
      <Fact name="Compatibility flags">
        {script.compatibility_flags.length === 0 ? <Nothing /> : script.compatibility_flags.join(", ")}
      </Fact>
      <Fact name="Active version">
        <span className="flex flex-wrap items-center gap-2">
          <code className="font-mono text-xs break-all">{version.id}</code>
          <span className="-my-1.5">
            <Copy text={version.id} />
          </span>
        </span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-quiet">{name}</dt>
      <dd className="max-sm:-mt-3">{children}</dd>
    </div>
  );
}

function Nothing() {
  return <span className="text-quiet">none</span>;
}
