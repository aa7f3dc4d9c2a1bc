/** `stepwell deploy FILE`: sends a server what `wrangler deploy --dry-run --outfile FILE` has written, without wrangler. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { UsageError } from "./explain.ts";

/** What the API says, as far as it is told here. */
interface Answer {
  readonly success: boolean;
  readonly errors: readonly { readonly message: string; readonly error_chain?: readonly { readonly message: string }[] }[];
  readonly result: { readonly deployment_id: string } | null;
}

/** Does one thing and ends. */
export async function deploy(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: { name: { type: "string" } }, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError("stepwell deploy FILE: the file is what `wrangler deploy --dry-run --outfile FILE` writes");
  const { name } = values;
  if (name === undefined) throw new UsageError("stepwell deploy FILE --name SCRIPT: the file does not say which Worker it is of");
  const { result } = await send(name, await readForm(file));
  process.stdout.write(`Deployed ${name}, version ${result?.deployment_id}\n`);
}

/** The body, and its type: wrangler leaves the latter out, but each part begins with its boundary. */
async function readForm(file: string): Promise<{ body: Buffer<ArrayBuffer>; type: string }> {
  const body = await readFile(file).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
  const boundary = /^--([^\r\n"]{1,70})\r\n/.exec(body.toString("latin1", 0, 100))?.[1];
  if (boundary === undefined)
    throw new UsageError(`${file} is no multipart form: write it with \`wrangler deploy --dry-run --outfile ${file}\``);
  return { body, type: `multipart/form-data; boundary="${boundary}"` };
}

/** The server is named as for wrangler. */
async function send(name: string, { body, type }: { body: Buffer<ArrayBuffer>; type: string }): Promise<Answer> {
  const {
    CLOUDFLARE_API_BASE_URL: base = "http://127.0.0.1:8787/client/v4",
    CLOUDFLARE_ACCOUNT_ID: account = "local",
    CLOUDFLARE_API_TOKEN: token,
  } = process.env;
  const url = `${base.replace(/\/+$/, "")}/accounts/${encodeURIComponent(account)}/workers/scripts/${encodeURIComponent(name)}`;
  if (!URL.canParse(url)) throw new UsageError(`CLOUDFLARE_API_BASE_URL is no address: ${base}`);
  const headers = { "content-type": type, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: "PUT", headers, body }).catch((cause: unknown) => {
    throw new UsageError(`There is no server at ${base}: start stepwell serve, or set CLOUDFLARE_API_BASE_URL`, { cause });
  });
  const answer = (await response.json().catch(() => undefined)) as Answer | undefined;
  if (answer === undefined) throw new UsageError(`What answers at ${base} is no stepwell (HTTP ${response.status})`);
  if (answer.success) return answer;
  const [{ message, error_chain: chain = [] } = { message: "refused" }] = answer.errors;
  throw new UsageError(`Not deployed: ${chain.length === 0 ? message : chain.map((each) => each.message).join(" ")}`);
}
