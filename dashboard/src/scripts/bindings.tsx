/** The bindings of a script: name, type and target. Values of secrets are not shown. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Chip } from "../ui/chip.tsx";
import { Command } from "../ui/copy.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Table, type Column } from "../ui/table.tsx";
import { deploymentsQuery, versionsQuery, type Binding } from "./queries.ts";

const TYPES: Readonly<Record<string, string>> = {
  plain_text: "Text",
  json: "JSON",
  secret_text: "Secret",
  workflow: "Workflow",
  queue: "Queue",
  hyperdrive: "Hyperdrive",
  send_email: "Email",
  images: "Images",
  kv_namespace: "KV",
  d1: "D1",
  r2_bucket: "R2",
  durable_object_namespace: "Durable Objects",
  service: "Service",
  assets: "Assets",
  version_metadata: "Version",
  worker_loader: "Worker Loader",
  ratelimit: "Rate limit",
  analytics_engine: "Analytics Engine",
  secrets_store_secret: "Store secret",
};

const COLUMNS: readonly Column<Binding>[] = [
  { head: "Name", cell: ({ name }) => <code className="font-mono">{name}</code> },
  { head: "Type", cell: ({ type }) => <Chip>{TYPES[type] ?? type}</Chip> },
  { head: "Target", wide: true, cell: (binding) => <Target of={binding} /> },
];

export function Bindings({ script }: { readonly script: string }) {
  const { data: versions, error } = useQuery(versionsQuery(script));
  const { data: deployments } = useQuery(deploymentsQuery(script));
  if (error !== null) return <Problem cause={error} />;
  if (versions === undefined || deployments === undefined) return <Skeleton label="bindings" />;
  const active = deployments[0]?.versions[0]?.version_id;
  const bindings = versions.find(({ id }) => id === active)?.resources.bindings ?? [];
  if (bindings.length === 0) return <NoBindings />;
  return <Table label="Bindings" columns={COLUMNS} rows={bindings} keyOf={({ name }) => name} />;
}

/** A field of a binding, if it is a text. */
function text(binding: Binding, field: string): string {
  const { [field]: value } = binding;
  return typeof value === "string" ? value : "";
}

function Target({ of }: { readonly of: Binding }): ReactNode {
  if (text(of, "unsupported") !== "") return <span className="text-quiet">not supported: throws an error when used</span>;
  switch (of.type) {
    case "workflow":
      return (
        <Link to="/workflows/$workflow" params={{ workflow: text(of, "workflow_name") }} className="plain text-accent">
          {text(of, "workflow_name")}
        </Link>
      );
    case "service":
      return (
        <Link to="/scripts/$script" params={{ script: text(of, "service") }} className="plain text-accent">
          {text(of, "service")}
        </Link>
      );
    case "plain_text":
      return <code className="font-mono text-xs break-all">{text(of, "text")}</code>;
    case "json":
      return <code className="line-clamp-2 font-mono text-xs break-all">{JSON.stringify(of["json"])}</code>;
    case "secret_text":
      return <span className="text-quiet">visible to the script only</span>;
    default: {
      const { name: _name, type: _type, ...rest } = of;
      return <span className="break-all">{Object.values(rest).map(String).join(", ")}</span>;
    }
  }
}

function NoBindings() {
  return (
    <Empty title="No bindings">
      <p>A binding to its Workflow, for example, lets the script create instances. In wrangler.jsonc:</p>
      <Command text={'"workflows": [{ "name": "orders", "binding": "ORDERS", "class_name": "OrderWorkflow" }]'} />
    </Empty>
  );
}
