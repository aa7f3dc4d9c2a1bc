/** A binding that sends emails. */
import { z } from "zod";
import type { EmailRules } from "../../model/platform/email.ts";
import type { Kind } from "../kind.ts";

declare module "../../ports/catalog/bindings.ts" {
  interface BindingTypes {
    send_email: EmailRules;
  }
}

const addresses = z.array(z.string()).optional();

/** The rules in Cloudflare's words. */
const written = z.object({
  destination_address: z.string().optional(),
  allowed_destination_addresses: addresses,
  allowed_sender_addresses: addresses,
});

export const email: Kind<"send_email"> = {
  upload: () => written.transform(rulesOf),
  show: ({ destination, destinations, senders }) => ({
    ...(destination !== undefined && { destination_address: destination }),
    ...(destinations !== undefined && { allowed_destination_addresses: destinations }),
    ...(senders !== undefined && { allowed_sender_addresses: senders }),
  }),
  describe: ({ destination, destinations, senders }) => {
    const to = destination ?? destinations?.join(", ") ?? "unrestricted";
    return { what: "Send Email", which: senders === undefined ? to : `${to} - senders: ${senders.join(", ")}` };
  },
  configured: (config) => config.send_email.map(({ name, ...rules }) => ({ name, ...rulesOf(rules) })),
  provide: ({ name }, script) => ({ is: "client", to: `${script}/${name}` }),
};

function rulesOf({
  destination_address: destination,
  allowed_destination_addresses: destinations,
  allowed_sender_addresses: senders,
}: z.output<typeof written>): EmailRules {
  return {
    ...(destination !== undefined && { destination }),
    ...(destinations !== undefined && { destinations }),
    ...(senders !== undefined && { senders }),
  };
}
