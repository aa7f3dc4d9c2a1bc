/** A workflow, of this script or of another one. */
import { z } from "zod";
import { isWorkflowName } from "../../model/platform/names.ts";
import { className, describeClass, elsewhere } from "../fields.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    workflow: {
      readonly workflow: string;
      /** As the upload says; what counts is what the workflow was registered with. */
      readonly className?: string;
      /** The script that has the class, when it is another one. */
      readonly script?: string;
    };
  }
}

const sent = z.object({
  workflow_name: z.string().refine(isWorkflowName, "A workflow's name is 1 to 64 letters, digits, _ and -, not starting with -"),
  class_name: className.optional(),
  script_name: z.string().min(1).optional(),
});

export const workflow: Kind<"workflow"> = {
  upload: (own) =>
    sent
      .refine(({ class_name: declared, script_name: owner = own }) => owner !== own || declared !== undefined, {
        path: ["class_name"],
        message: "class_name is required for a workflow of this Worker",
      })
      .transform(({ workflow_name: name, class_name: declared, script_name: owner }) => ({
        workflow: name,
        ...(declared !== undefined && { className: declared }),
        ...elsewhere(owner, own),
      })),
  show: ({ workflow: name, className: declared, script }) => ({
    workflow_name: name,
    ...(declared !== undefined && { class_name: declared }),
    ...(script !== undefined && { script_name: script }),
  }),
  describe: ({ workflow: name, className: declared, script }) => ({
    what: "Workflow",
    which: describeClass(declared ?? name, script),
  }),
  configured: ({ workflows }, own) =>
    workflows.map(({ binding, name, class_name: declared, script_name: owner }) => ({
      name: binding,
      workflow: name,
      className: declared,
      ...elsewhere(owner, own),
    })),
  connection: ({ workflow: name, script }) =>
    script === undefined ? undefined : { what: `workflow "${name}"`, script, needs: { workflow: name } },
  provide: ({ workflow: name }) => ({ is: "client", to: name }),
};
