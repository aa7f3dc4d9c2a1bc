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
interface Written {
  readonly destination_address?: string | undefined;
  readonly allowed_destination_addresses?: readonly string[] | undefined;
  readonly allowed_sender_addresses?: readonly string[] | undefined;
}

export const email: Kind<"send_email"> = {
  upload: () =>
    z
      .object({
        destination_address: z.string().optional(),
        allowed_destination_addresses: addresses,
        allowed_sender_addresses: addresses,
      })
      .transform(rulesOf),
  show: ({ destination, destinations, senders }) => ({
    ...(destination !== undefined && { destination_address: destination }),
    ...(destinations !== undefined && { allowed_destination_addresses: destinations }),
    ...(senders !== undefined && { allowed_sender_addresses: senders }),
  }),
  describe: ({ destination, destinations, senders }) => {
    const to = destination ?? destinations?.join(", ") ?? "unrestricted";
    return { what: "Send Email", which: senders === undefined ? to : `${to} - senders: ${senders.join(", ")}` };
  },
  configured: (config) => config.send_email.map(({ name, ...written }) => ({ name, ...rulesOf(written) })),
  provide: ({ name }, script) => ({ is: "client", to: `${script}/${name}` }),
};

function rulesOf(written: Written): EmailRules {
  const { destination_address: destination, allowed_destination_addresses: destinations } = written;
  const { allowed_sender_addresses: senders } = written;
  return {
    ...(destination !== undefined && { destination }),
    ...(destinations !== undefined && { destinations }),
    ...(senders !== undefined && { senders }),
  };
}
