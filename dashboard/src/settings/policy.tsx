/** The form for the limits and the retention of one workflow. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Problem } from "../ui/problem.tsx";
import { useAsking } from "./asking.ts";
import { FIELD } from "./pieces.tsx";
import { changePolicy, newestQuery, type Policy } from "./queries.ts";
import { spanWords } from "./spans.ts";

interface EditPolicyProps {
  readonly workflow: {
    readonly name: string;
    readonly class_name: string;
    readonly script_name: string;
    readonly schedules?: readonly { readonly cron: string }[];
  };
  readonly onClose: () => void;
}

export function EditPolicy({ workflow, onClose }: EditPolicyProps) {
  const { data: newest } = useQuery(newestQuery(workflow.name));
  const { failure, isBusy, run } = useAsking();
  if (newest === undefined) return null;
  const save = (form: FormData): void => {
    const text = (name: string): string => ((form.get(name) as string | null) ?? "").trim();
    const policy: Policy = {
      class_name: workflow.class_name,
      script_name: workflow.script_name,
      ...(text("steps") !== "" && { limits: { steps: Number(text("steps")) } }),
      ...(text("limit") !== "" && { concurrency: { limit: Number(text("limit")) } }),
      default_retention: { success_retention: text("success") || null, error_retention: text("error") || null },
      schedules: (workflow.schedules ?? []).map(({ cron }) => ({ cron })),
    };
    void run(() => changePolicy(workflow.name, policy)).then((isDone) => isDone && onClose());
  };
  const { success_retention: success, error_retention: error } = newest.default_retention ?? {};
  return (
    <Dialog title={`Change ${workflow.name}`} open onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          save(new FormData(event.currentTarget));
        }}
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <Field name="limit" label="Running at once" value={newest.concurrency?.limit} placeholder="no limit" numeric />
          <Field name="steps" label="Steps of an instance" value={newest.limits?.steps} placeholder="10,000" numeric />
          <Field name="success" label="Kept when completed" value={success && spanWords(success)} placeholder="account default" />
          <Field name="error" label="Kept when errored" value={error && spanWords(error)} placeholder="account default" />
        </div>
        {failure && <Problem cause={failure} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={isBusy}>
            Save as a new version
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string | number | undefined;
  readonly placeholder: string;
  readonly numeric?: boolean;
}

function Field({ name, label, value, placeholder, numeric = false }: FieldProps) {
  const [text, setText] = useState(value === undefined ? "" : String(value));
  return (
    <label className="flex flex-col gap-1">
      {label}
      <input
        name={name}
        className={FIELD}
        value={text}
        placeholder={placeholder}
        {...(numeric && { inputMode: "numeric" as const, pattern: "[0-9]+", title: "A whole number" })}
        onChange={({ target }) => setText(target.value)}
      />
    </label>
  );
}
