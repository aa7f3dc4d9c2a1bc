/** The secrets of a script, by name. Values can be written but not read; each change deploys a version. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCommands } from "../palette/commands.ts";
import { Button } from "../ui/button.tsx";
import { Command } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Problem } from "../ui/problem.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Table } from "../ui/table.tsx";
import { attempt } from "../ui/toast.tsx";
import { deleteSecret, deploymentsQuery, putSecret, versionsQuery } from "./queries.ts";

/** What is asked: a new secret is one without a name yet. */
interface Asked {
  readonly verb: "put" | "delete";
  readonly name: string;
}

export function Secrets({ script }: { readonly script: string }) {
  const { data: versions, error } = useQuery(versionsQuery(script));
  const { data: deployments } = useQuery(deploymentsQuery(script));
  const [asked, setAsked] = useState<Asked>();
  useCommands([{ name: `Add a secret to ${script}`, run: () => setAsked({ verb: "put", name: "" }) }]);
  if (error !== null) return <Problem cause={error} />;
  if (versions === undefined || deployments === undefined) return <Skeleton label="secrets" rows={2} />;
  const active = deployments[0]?.versions[0]?.version_id;
  const bindings = versions.find(({ id }) => id === active)?.resources.bindings ?? [];
  const names = bindings.flatMap(({ name, type }) => (type === "secret_text" ? [name] : []));
  const add = (
    <div>
      <Button needs="admin" look="main" onClick={() => setAsked({ verb: "put", name: "" })}>
        Add a secret
      </Button>
    </div>
  );
  return (
    <div className="flex flex-col gap-3">
      {names.length === 0 ? (
        <Empty title="No secrets">
          <p>A secret is a string in `env` that is stored encrypted and never shown again. Add one here or from a shell:</p>
          <Command text={`npx wrangler secret put API_KEY --name ${script}`} />
          {add}
        </Empty>
      ) : (
        <>
          {add}
          <Table
            label="Secrets"
            rows={names}
            keyOf={(name) => name}
            columns={[
              { head: "Name", wide: true, cell: (name) => <code className="font-mono">{name}</code> },
              {
                head: "",
                cell: (name) => (
                  <span className="flex gap-2">
                    <Button needs="admin" onClick={() => setAsked({ verb: "put", name })}>
                      Replace
                    </Button>
                    <Button needs="admin" look="danger" onClick={() => setAsked({ verb: "delete", name })}>
                      Delete
                    </Button>
                  </span>
                ),
              },
            ]}
          />
        </>
      )}
      {asked?.verb === "put" && <Put script={script} name={asked.name} onClose={() => setAsked(undefined)} />}
      {asked?.verb === "delete" && <Delete script={script} name={asked.name} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

interface AskProps {
  readonly script: string;
  readonly name: string;
  readonly onClose: () => void;
}

function Put({ script, name: present, onClose }: AskProps) {
  const [name, setName] = useState(present);
  const [secret, setSecret] = useState("");
  const title = present === "" ? "Add a secret" : `Replace ${present}`;
  const put = async (): Promise<void> => {
    onClose();
    await attempt(`${present === "" ? "Add" : "Replace"} the secret ${name}`, () => putSecret(script, name, secret));
  };
  const field = "rounded-md border border-line bg-page px-2.5 py-1 font-mono";
  return (
    <Dialog title={title} open onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void put();
        }}
      >
        {present === "" && (
          <label className="flex flex-col gap-1">
            Name
            <input
              required
              pattern="[A-Za-z_][A-Za-z0-9_]*"
              autoComplete="off"
              spellCheck={false}
              placeholder="API_KEY"
              value={name}
              onChange={({ target }) => setName(target.value)}
              className={field}
            />
          </label>
        )}
        <label className="flex flex-col gap-1">
          Value
          <input
            required
            type="password"
            autoComplete="new-password"
            value={secret}
            onChange={({ target }) => setSecret(target.value)}
            className={field}
          />
        </label>
        <p className="text-quiet">This deploys a new version of {script}. Started instances keep the old value.</p>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main">
            Save and deploy
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Delete({ script, name, onClose }: AskProps) {
  const remove = async (): Promise<void> => {
    onClose();
    await attempt(`Delete the secret ${name}`, () => deleteSecret(script, name));
  };
  return (
    <Dialog title={`Delete ${name}?`} open onClose={onClose}>
      <p>This deploys a new version of {script} without it. Earlier versions keep it, so a rollback is possible.</p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" onClick={() => void remove()}>
          Delete and deploy
        </Button>
      </div>
    </Dialog>
  );
}
