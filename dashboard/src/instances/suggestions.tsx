/** Suggested params: those kept in this browser, and those of the newest instances. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ACCOUNT, result, v4 } from "../api/client.ts";
import { instanceQuery, queryClient } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Moment } from "../ui/time.tsx";
import { dropExample, examplesOf, keepExample, type Example } from "./examples.ts";

/** So many of the newest instances. */
const NEWEST = 5;

/** Characters of params that are shown of those without a name. */
const SHOWN = 48;

interface SuggestionsProps {
  readonly workflow: string;
  /** What is in the editor now. */
  readonly text: string;
  readonly onUse: (text: string) => void;
}

export function Suggestions({ workflow, text, onUse }: SuggestionsProps) {
  const [examples, setExamples] = useState(() => examplesOf(workflow));
  return (
    <aside aria-label="Suggested params" className="flex min-w-0 flex-col gap-4">
      <section className="flex flex-col gap-2">
        <h2 className="font-medium">Examples</h2>
        {examples.length === 0 && (
          <p className="text-quiet">None yet. Recently used params are kept in this browser; name them to keep them longer.</p>
        )}
        <ul className="flex flex-col gap-0.5">
          {examples.map((example) => (
            <OneExample
              key={`${example.name ?? ""} ${example.text}`}
              example={example}
              onUse={() => onUse(example.text)}
              onDrop={() => setExamples(dropExample(workflow, example))}
            />
          ))}
        </ul>
        <Keep onKeep={(name) => setExamples(keepExample(workflow, name, text))} />
      </section>
      <Newest workflow={workflow} onUse={onUse} />
    </aside>
  );
}

interface OneExampleProps {
  readonly example: Example;
  readonly onUse: () => void;
  readonly onDrop: () => void;
}

function OneExample({ example: { name, text }, onUse, onDrop }: OneExampleProps) {
  const shown = name ?? text.replaceAll(/\s+/g, " ").slice(0, SHOWN);
  return (
    <li className="flex items-center gap-1">
      <Button look="bare" className="min-w-0 flex-1 justify-start" onClick={onUse} title={text.slice(0, 1_000)}>
        <span className={`truncate ${name === undefined ? "font-mono text-xs font-normal" : ""}`}>{shown}</span>
      </Button>
      <Button look="bare" className="text-quiet" aria-label={`Forget ${shown}`} onClick={onDrop}>
        ✕
      </Button>
    </li>
  );
}

function Keep({ onKeep }: { readonly onKeep: (name: string) => void }) {
  const [name, setName] = useState("");
  const keep = (): void => {
    onKeep(name.trim());
    setName("");
  };
  return (
    <div className="flex gap-2">
      <input
        aria-label="Name of the example"
        placeholder="Name"
        value={name}
        onChange={({ target }) => setName(target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || name.trim() === "") return;
          event.preventDefault();
          keep();
        }}
        className="min-w-0 flex-1 rounded-md border border-line bg-panel px-2.5 py-1"
      />
      <Button disabled={name.trim() === ""} onClick={keep}>
        Save
      </Button>
    </div>
  );
}

function Newest({ workflow, onUse }: { readonly workflow: string; readonly onUse: (text: string) => void }) {
  const { data: newest = [] } = useQuery({
    queryKey: ["newest", workflow],
    queryFn: () =>
      result(
        v4.GET("/accounts/{account_id}/workflows/{workflow_name}/instances", {
          params: { path: { account_id: ACCOUNT, workflow_name: workflow }, query: { per_page: NEWEST } },
        }),
      ),
  });
  if (newest.length === 0) return null;
  const use = async (id: string): Promise<void> => {
    const { params } = await queryClient.ensureQueryData(instanceQuery(workflow, id));
    onUse(JSON.stringify(params, undefined, 2));
  };
  return (
    <section className="flex flex-col gap-2">
      <h2 className="font-medium">From recent instances</h2>
      <ul className="flex flex-col gap-0.5">
        {newest.map(({ id, created_on: created }) => (
          <li key={id}>
            <Button look="bare" className="w-full min-w-0 justify-between" onClick={() => void use(id)}>
              <span className="truncate font-mono text-xs font-normal">{id}</span>
              <span className="text-xs font-normal text-quiet">
                <Moment at={created} />
              </span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
