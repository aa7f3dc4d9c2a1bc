/** The form for new instances: params, an optional id and a count, checked while typing. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type KeyboardEvent } from "react";
import { createInstance } from "../api/actions.ts";
import { ACCOUNT, result, v4 } from "../api/client.ts";
import { instanceQuery, queryClient } from "../api/queries.ts";
import { Button } from "../ui/button.tsx";
import { Editor, parseJson } from "../ui/editor.tsx";
import { Problem } from "../ui/problem.tsx";
import { batchOf, idProblem, MOST_AT_ONCE, paramsProblem, type Wanted } from "./check.ts";
import { keepUsed } from "./examples.ts";
import { Suggestions } from "./suggestions.tsx";

const route = getRouteApi("/workflows/$workflow/new");

export default function CreatePage() {
  const { workflow } = route.useParams();
  const { like } = route.useSearch();
  const navigate = useNavigate();
  const { data: model } = useQuery({ ...instanceQuery(workflow, like ?? ""), enabled: like !== undefined });
  const [text, setText] = useState("{}");
  const [id, setId] = useState("");
  const [count, setCount] = useState("1");
  const [isList, setIsList] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (model !== undefined) setText(JSON.stringify(model.params, undefined, 2));
  }, [model]);

  const { wanted, problems, isArray } = checked(text, id, Number(count), isList);
  const create = async (): Promise<void> => {
    if (busy || wanted === undefined) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const made = await createAll(workflow, wanted);
      keepUsed(workflow, text);
      if (made === undefined) await navigate({ to: "/workflows/$workflow", params: { workflow } });
      else await navigate({ to: "/workflows/$workflow/instances/$id", params: { workflow, id: made } });
    } catch (cause) {
      setFailure(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    void create();
  };

  return (
    <form
      noValidate
      className="grid max-w-5xl items-start gap-6 lg:grid-cols-[minmax(0,1fr)_18rem]"
      // Before the editor makes a line of it.
      onKeyDownCapture={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <div className="flex min-w-0 flex-col gap-4">
        <h1 className="text-lg font-semibold break-words">New instance of {workflow}</h1>
        <Which
          id={id}
          count={count}
          isCountGiven={isArray && isList}
          problems={problems}
          onChange={(to) => {
            setId(to.id);
            setCount(to.count);
          }}
        />
        <div className="flex flex-col gap-1">
          <span>Params</span>
          <Editor label="Params" value={text} onChange={setText} />
          <p role="status" className="text-bad empty:hidden">
            {problems.params}
          </p>
        </div>
        {isArray && (
          <label className="flex items-center gap-2">
            <input type="checkbox" checked={isList} onChange={({ target }) => setIsList(target.checked)} />
            Create one instance per element of this list
          </label>
        )}
        {failure && <Problem cause={failure} />}
        <div className="flex items-center gap-3">
          <Button needs="operator" type="submit" look="main" disabled={busy || wanted === undefined}>
            {wanted === undefined || wanted.length === 1 ? "Create" : `Create ${wanted.length}`}
          </Button>
          <span className="text-quiet">
            or <kbd className="rounded border border-line px-1 font-sans text-xs">Ctrl</kbd>{" "}
            <kbd className="rounded border border-line px-1 font-sans text-xs">Enter</kbd>
          </span>
        </div>
      </div>
      <Suggestions workflow={workflow} text={text} onUse={setText} />
    </form>
  );
}

interface WhichProps {
  readonly id: string;
  readonly count: string;
  /** True when the params say how many there are. */
  readonly isCountGiven: boolean;
  readonly problems: Checked["problems"];
  readonly onChange: (to: { readonly id: string; readonly count: string }) => void;
}

/** Under which id, and how many. */
function Which({ id, count, isCountGiven, problems, onChange }: WhichProps) {
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-1">
      <label className="flex min-w-48 flex-1 flex-col gap-1">
        Id (random if empty)
        <input
          value={id}
          onChange={({ target }) => onChange({ id: target.value, count })}
          aria-invalid={problems.id !== undefined}
          aria-describedby="which-problem"
          className="rounded-md border border-line bg-panel px-2.5 py-1 font-mono aria-invalid:border-bad"
        />
      </label>
      <label className="flex w-28 flex-col gap-1">
        How many
        <input
          inputMode="numeric"
          value={count}
          disabled={isCountGiven}
          onChange={({ target }) => onChange({ id, count: target.value })}
          aria-invalid={problems.count !== undefined}
          aria-describedby="which-problem"
          className="rounded-md border border-line bg-panel px-2.5 py-1 tabular-nums aria-invalid:border-bad disabled:opacity-50"
        />
      </label>
      <p id="which-problem" className="w-full text-bad empty:hidden">
        {problems.id ?? problems.count}
      </p>
    </div>
  );
}

interface Checked {
  /** Undefined while something is wrong. */
  readonly wanted: readonly Wanted[] | undefined;
  readonly problems: {
    readonly id?: string | undefined;
    readonly count?: string | undefined;
    readonly params?: string | undefined;
  };
  readonly isArray: boolean;
}

function checked(text: string, id: string, count: number, isList: boolean): Checked {
  const parsed = parseJson(text);
  const value = "value" in parsed ? parsed.value : undefined;
  const isArray = Array.isArray(value);
  const params = "problem" in parsed ? parsed.problem : isList && isArray ? undefined : paramsProblem(text);
  const many = isList && isArray ? value.length : count;
  const isCount = Number.isSafeInteger(many) && many >= 1 && many <= MOST_AT_ONCE;
  const problems = {
    id: idProblem(id),
    count: isCount ? undefined : `One to ${MOST_AT_ONCE} instances can be created at once.`,
    params,
  };
  const isFine = problems.id === undefined && problems.count === undefined && problems.params === undefined;
  return { wanted: isFine ? batchOf(value, id, many, isList) : undefined, problems, isArray };
}

/** Answers the id of the instance, if there is only one. */
async function createAll(workflow: string, wanted: readonly Wanted[]): Promise<string | undefined> {
  const [first] = wanted;
  if (first !== undefined && wanted.length === 1) return createInstance(workflow, first.params, first.instance_id);
  const path = { account_id: ACCOUNT, workflow_name: workflow };
  await result(
    v4.POST("/accounts/{account_id}/workflows/{workflow_name}/instances/batch", { params: { path }, body: wanted as never }),
  );
  await queryClient.invalidateQueries({ queryKey: ["instances", workflow] });
  return undefined;
}
