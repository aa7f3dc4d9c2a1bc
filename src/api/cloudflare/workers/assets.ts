/** Static assets are announced, sent, and then named by the upload of their Worker. */
import { getMimeType } from "hono/utils/mime";
import { z } from "zod";
import { Failure } from "../../../model/failures/failure.ts";
import { LIMITS } from "../../../model/limits.ts";
import type { ScriptAssets } from "../../../ports/catalog/script-versions.ts";
import type { Metadata } from "../../../workers/upload/metadata.ts";
import { endpoint, type Api, type Endpoint } from "../../endpoint/endpoint.ts";
import { SCRIPT } from "./shown.ts";

const session = z.object({ jwt: z.string(), buckets: z.array(z.array(z.string())).optional() });

/** Where files are sent to, with the token of their announcement in place of one of the API. */
const ASSETS_UPLOAD = "/accounts/{account_id}/workers/assets/upload";

/** The files that an upload names by the token of their announcement, with their types. */
export function sentAssets(
  { assets: store }: Pick<Api, "assets">,
  { assets: sent }: Metadata,
): ScriptAssets["files"] | undefined {
  if (sent?.jwt === undefined) return undefined;
  const files = Object.entries(store.complete(sent.jwt)).map(([path, { hash }]): [string, { hash: string; type?: string }] => {
    const type = getMimeType(path);
    return [path, { hash, ...(type !== undefined && { type }) }];
  });
  return Object.fromEntries(files);
}

/** The routes of assets. */
export const assets: readonly Endpoint[] = [
  endpoint("post", `${SCRIPT}/assets-upload-session`, {
    needs: "admin",
    summary: "Announce the static assets of a script; returns the files still to upload",
    maxBody: LIMITS.batchBodyBytes,
    body: z.object({ manifest: z.record(z.string(), z.object({ hash: z.string(), size: z.number().int().min(0) })) }),
    result: session,
    handle: async ({ body: { manifest } }, api) => {
      const { token, buckets } = await api.assets.announce(manifest);
      return { result: { jwt: token, buckets } };
    },
  }),
  endpoint("post", ASSETS_UPLOAD, {
    needs: "own",
    summary: "Upload static assets: a multipart form of base64 files named by hash",
    query: z.object({ base64: z.literal("true", "Files are sent in base64") }),
    maxBody: LIMITS.uploadBodyBytes,
    result: z.object({ jwt: z.string().optional() }),
    handle: async ({ sent }, api, request) => {
      const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
      if (!api.assets.knows(token)) throw new Failure("authentication.token");
      const parts = await sent.form("Not a multipart form of files");
      let isComplete = false;
      for (const [hash, part] of parts)
        isComplete = await api.assets.put(token, hash, typeof part === "string" ? part : await part.text());
      return { result: isComplete ? { jwt: token } : {} };
    },
  }),
];
