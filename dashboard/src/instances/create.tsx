/** A new instance: its params, and an id if it is to have a certain one. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { createInstance } from "../api/actions.ts";
import { instanceQuery } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Editor, parseJson } from "../ui/editor.tsx";
import { Problem } from "../ui/problem.tsx";

const route = getRouteApi("/workflows/$workflow/new");

/** Params that were used here before, newest first, by workflow. */
const EXAMPLES_KEY = "stepwell.examples";
const EXAMPLES = 5;

export default function CreatePage() {
  const { workflow } = route.useParams();
  const { like } = route.useSearch();
  const navigate = useNavigate();
  const { data: model } = useQuery({ ...instanceQuery(workflow, like ?? ""), enabled: like !== undefined });
  const [text, setText] = useState("{}");
  const [id, setId] = useState("");
  const [failure, setFailure] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const parsed = parseJson(text);
  const examples = savedExamples(workflow);

  useEffect(() => {
    if (model !== undefined) setText(JSON.stringify(model.params, undefined, 2));
  }, [model]);

  const create = async (): Promise<void> => {
    if (!("value" in parsed)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const made = await createInstance(workflow, parsed.value, id === "" ? undefined : id);
      saveExample(workflow, text);
      await navigate({
        to: "/workflows/$workflow/instances/$id",
        params: { workflow, id: made },
      });
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="mx-auto flex max-w-3xl flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <h1 className="text-lg font-semibold">New instance of {workflow}</h1>
      <label className="flex flex-col gap-1">
        Id (a random one if left empty)
        <input
          value={id}
          onChange={({ target }) => setId(target.value)}
          pattern="[A-Za-z0-9_][A-Za-z0-9_\-]*"
          maxLength={100}
          className="rounded-md border border-line bg-panel px-2.5 py-1 font-mono"
        />
      </label>
      <div className="flex flex-col gap-1">
        <span className="flex items-center justify-between">
          Params
          {examples.length > 0 && (
            <select
              aria-label="Params that were used before"
              className="rounded-md border border-line bg-panel px-2 py-1"
              value=""
              onChange={({ target }) => setText(examples[Number(target.value)] ?? text)}
            >
              <option value="">Used before…</option>
              {examples.map((example, i) => (
                <option key={example} value={i}>
                  {example.replaceAll(/\s+/g, " ").slice(0, 60)}
                </option>
              ))}
            </select>
          )}
        </span>
        <Editor label="Params" value={text} onChange={setText} />
        {"problem" in parsed && <p className="text-bad">{parsed.problem}</p>}
      </div>
      {failure && <Problem cause={failure} />}
      <div>
        <Button needs="operator" type="submit" look="main" disabled={busy || "problem" in parsed}>
          Create
        </Button>
      </div>
    </form>
  );
}

function allExamples(): Record<string, string[]> {
  try {
    return JSON.parse(localStorage.getItem(EXAMPLES_KEY) ?? "{}") as Record<string, string[]>;
  } catch {
    return {};
  }
}

function savedExamples(workflow: string): readonly string[] {
  return allExamples()[workflow] ?? [];
}

function saveExample(workflow: string, text: string): void {
  const others = savedExamples(workflow).filter((each) => each !== text);
  localStorage.setItem(EXAMPLES_KEY, JSON.stringify({ ...allExamples(), [workflow]: [text, ...others].slice(0, EXAMPLES) }));
}
