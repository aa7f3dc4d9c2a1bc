/** The Durable Objects of a class. */
import { z } from "zod";
import { className, describeClass, elsewhere } from "../fields.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    durable_object_namespace: {
      readonly className: string;
      /** The script that has the class, when it is another one. */
      readonly script?: string;
    };
  }
}

const sent = z.object({ class_name: className, script_name: z.string().min(1).optional() });

export const objects: Kind<"durable_object_namespace"> = {
  upload: (own) => sent.transform(({ class_name: name, script_name: owner }) => ({ className: name, ...elsewhere(owner, own) })),
  show: ({ className: name, script }) => ({ class_name: name, ...(script !== undefined && { script_name: script }) }),
  describe: ({ className: name, script }) => ({ what: "Durable Object", which: describeClass(name, script) }),
  configured: ({ durable_objects: { bindings } }, own) =>
    bindings.map(({ name, class_name: bound, script_name: owner }) => ({ name, className: bound, ...elsewhere(owner, own) })),
  connection: ({ className: name, script }) =>
    script === undefined ? undefined : { what: `Durable Object ${name}`, script, needs: { className: name } },
  provide: ({ className: name, script }, own) => ({
    is: "stub",
    facade: "ObjectsFacade",
    props: { script: script ?? own, className: name },
  }),
};
