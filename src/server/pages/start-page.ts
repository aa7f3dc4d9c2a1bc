/** What a browser is shown when the dashboard has not been built: that the server runs, and what to type next. */
import { createHash } from "node:crypto";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 44rem; margin: 4rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; }
pre { overflow-x: auto; padding: 1rem; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; }
code { font: .875rem/1.5 ui-monospace, monospace; }
`;

const STYLE_HASH = `'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

/** Nothing is loaded from anywhere, and nothing runs. */
export const START_PAGE_CSP: Readonly<Record<string, string[]>> = {
  defaultSrc: ["'none'"],
  styleSrc: [STYLE_HASH],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
};

/** The page, at the address at which its reader has found the server. */
export function startPage({ origin, port }: URL): string {
  // A host may have an ampersand in it.
  const api = `${origin.replaceAll("&", "&amp;")}/client/v4/accounts/local/workflows`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>stepwell</title><style>${STYLE}</style></head>
<body>
<h1>stepwell is running</h1>
<p>Cloudflare Workflows on this machine. List its workflows:</p>
<pre><code>curl ${api}</code></pre>
${
  port === ""
    ? ""
    : `<p>Or with wrangler:</p>
<pre><code>wrangler workflows list --local --port ${port}</code></pre>`
}
<p>Create an instance, and read its log:</p>
<pre><code>curl ${api}/NAME/instances \\
  -H 'content-type: application/json' -d '{ "instance_id": "first", "params": {} }'
curl ${api}/NAME/instances/first</code></pre>
<p>A Worker's own handler is at <code>/workers/NAME/</code>; the API is described at
<a href="/client/v4/openapi.json">/client/v4/openapi.json</a>.</p>
</body>
</html>
`;
}
