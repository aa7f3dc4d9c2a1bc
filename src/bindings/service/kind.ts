/** Another Worker, or the script itself. */
import { z } from "zod";
import type { BindingTypes } from "../../ports/catalog/bindings.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    service: {
      readonly service: string;
      /** The class that is called; the default export when absent. */
      readonly entrypoint?: string;
    };
  }
}

const sent = z.object({ service: z.string().min(1), entrypoint: z.string().min(1).optional() });

export const service: Kind<"service"> = {
  upload: () => sent.transform(({ service: script, entrypoint }) => called(script, entrypoint)),
  show: ({ service: script, entrypoint }) => ({
    service: script,
    environment: "production",
    ...(entrypoint !== undefined && { entrypoint }),
  }),
  describe: ({ service: script, entrypoint }) => ({ what: "Worker", which: [script, entrypoint].filter(Boolean).join("#") }),
  configured: ({ services = [] }) =>
    services.map(({ binding, service: script, entrypoint }) => ({ name: binding, ...called(script, entrypoint) })),
  connection: ({ service: script }, own) => (script === own ? undefined : { what: "service", script }),
  provide: ({ service: script, entrypoint }) => ({
    is: "stub",
    facade: "ServiceFacade",
    props: { script, ...(entrypoint !== undefined && { entrypoint }) },
  }),
};

function called(script: string, entrypoint: string | undefined): BindingTypes["service"] {
  return { service: script, ...(entrypoint !== undefined && { entrypoint }) };
}
