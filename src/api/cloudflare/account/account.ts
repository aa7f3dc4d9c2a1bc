/** What clients ask of the platform before they come to Workflows: who they are, and which account that is. */
import { z } from "zod";
import type { Principal } from "../../../model/platform/roles.ts";
import { emailOf } from "../workers/author.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { pageReply, pages } from "../workflows/schemas.ts";

const account = z.object({ id: z.string(), name: z.string(), type: z.literal("standard") });

const membership = z.object({ id: z.string(), status: z.literal("accepted"), roles: z.array(z.string()), account });

const query = z.object(pages(20));

/** An id in Cloudflare's format. The name beside it tells what it identifies. */
const ID = "00000000000000000000000000000002";

function userOf(asker: Principal): { id: string; email: string } {
  return { id: asker.id, email: emailOf(asker) };
}

function accountOf({ accountId: id }: Api): z.output<typeof account> {
  return { id, name: id, type: "standard" };
}

function membershipOf(api: Api, { role }: Principal): z.output<typeof membership> {
  return { id: ID, status: "accepted", roles: [role === "admin" ? "Administrator" : role], account: accountOf(api) };
}

/** The platform's own routes, as far as clients of Workflows need them. Lists of one have pages: clients ask until one is empty. */
export const accountRoutes: readonly Endpoint[] = [
  endpoint("get", "/accounts", {
    summary: "List accounts: always one",
    query,
    result: z.array(account),
    handle: ({ query: wanted }, api) => pageReply([api], wanted, accountOf),
  }),
  endpoint("get", "/memberships", {
    summary: "List memberships: always one",
    query,
    result: z.array(membership),
    handle: ({ query: wanted }, api, _, asker) => pageReply([asker], wanted, (each) => membershipOf(api, each)),
  }),
  endpoint("get", "/user", {
    summary: "Read the user that a token belongs to",
    result: z.object({ id: z.string(), email: z.string() }),
    handle: (_, _api, _request, asker) => Promise.resolve({ result: userOf(asker) }),
  }),
  endpoint("get", "/user/tokens/verify", {
    summary: "Verify a token",
    result: z.object({ id: z.string(), status: z.literal("active") }),
    handle: () => Promise.resolve({ result: { id: ID, status: "active" } }),
  }),
];
