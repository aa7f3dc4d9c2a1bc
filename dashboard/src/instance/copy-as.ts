/** Snippets that read an instance or create a similar one: curl, wrangler, SDK and binding code. Pure. */

/** What is copied, and from where. */
export interface Source {
  /** Where the server is: scheme, host and port. */
  readonly origin: string;
  readonly workflow: string;
  readonly id: string;
  /** Of the instance; undefined while they have not been read. */
  readonly params: unknown;
  /** True when the server asks for a token. */
  readonly needsToken: boolean;
}

/** A text to copy, under what it is called. */
export interface Form {
  readonly name: string;
  readonly text: string;
}

const TOKEN = "CLOUDFLARE_API_TOKEN";

/** Forms to read the instance with. */
export function readForms(source: Source): readonly Form[] {
  const { workflow, id } = source;
  return [
    { name: "curl", text: `curl ${header(source)}${quoted(urlOf(source, id))}` },
    { name: "wrangler", text: `${environment(source)}npx wrangler workflows instances describe ${word(workflow)} ${word(id)}` },
    {
      name: "SDK code",
      text: `${client(source)}const instance = await client.workflows.instances.get(${json(workflow)}, ${json(id)}, { account_id: "local" });\n`,
    },
    {
      name: "Binding code",
      text: `const instance = await env.${bindingOf(workflow)}.get(${json(id)});\nconst { status, output } = await instance.status();\n`,
    },
  ];
}

/** Forms to make an instance like this one with. */
export function createForms(source: Source): readonly Form[] {
  const { workflow, params = {} } = source;
  const flat = JSON.stringify({ params });
  return [
    {
      name: "curl",
      text: `curl -X POST ${header(source)}-H 'content-type: application/json' \\\n  ${quoted(urlOf(source))} \\\n  -d ${quoted(flat)}`,
    },
    {
      name: "wrangler",
      text: `${environment(source)}npx wrangler workflows trigger ${word(workflow)} ${quoted(JSON.stringify(params))}`,
    },
    {
      name: "SDK code",
      text: `${client(source)}const { id } = await client.workflows.instances.create(${json(workflow)}, {\n  account_id: "local",\n  params: ${indented(params)},\n});\n`,
    },
    {
      name: "Binding code",
      text: `const instance = await env.${bindingOf(workflow)}.create({\n  params: ${indented(params)},\n});\n`,
    },
  ];
}

function urlOf({ origin, workflow }: Source, id?: string): string {
  const all = `${origin}/client/v4/accounts/local/workflows/${encodeURIComponent(workflow)}/instances`;
  return id === undefined ? all : `${all}/${encodeURIComponent(id)}`;
}

function header({ needsToken }: Source): string {
  return needsToken ? `-H "authorization: Bearer $${TOKEN}" ` : "";
}

/** What wrangler needs to find this server rather than Cloudflare's. */
function environment({ origin, needsToken }: Source): string {
  const token = needsToken ? `"$${TOKEN}"` : "any";
  return `CLOUDFLARE_API_BASE_URL=${origin}/client/v4 ${TOKEN}=${token} CLOUDFLARE_ACCOUNT_ID=local \\\n  `;
}

function client({ origin, needsToken }: Source): string {
  const token = needsToken ? `process.env.${TOKEN}` : `"any"`;
  return `import Cloudflare from "cloudflare";\n\nconst client = new Cloudflare({ baseURL: ${json(`${origin}/client/v4`)}, apiToken: ${token} });\n`;
}

/** The usual name of a workflow's binding; which one a Worker has, only its configuration knows. */
function bindingOf(workflow: string): string {
  return workflow.toUpperCase().replaceAll(/\W/g, "_");
}

function json(value: string): string {
  return JSON.stringify(value);
}

function indented(value: unknown): string {
  return (JSON.stringify(value, undefined, 2) ?? "undefined").replaceAll("\n", "\n  ");
}

/** As one word of a shell's command, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Names are quoted only if they need to be. */
function word(text: string): string {
  return /^[\w-]+$/.test(text) ? text : quoted(text);
}
