/** `stepwell deploy FILE`: deploys the file that `wrangler deploy --dry-run --outfile FILE` wrote, without wrangler. */
import { readFile } from "node:fs/promises";
import { commandLine } from "../command-line.ts";
import { answerOf, send, serverAddress } from "./client.ts";
import { UsageError } from "../../assembly/explain.ts";

/** Does one thing and ends. */
export async function deploy(args: readonly string[]): Promise<void> {
  const { values, positionals } = commandLine({ args: [...args], options: { name: { type: "string" } }, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new UsageError("stepwell deploy FILE: the file is what `wrangler deploy --dry-run --outfile FILE` writes");
  const { name } = values;
  if (name === undefined) throw new UsageError("stepwell deploy FILE --name SCRIPT: the file does not contain the Worker's name");
  const { body, type } = await readForm(file);
  const url = `${serverAddress().account}/workers/scripts/${encodeURIComponent(name)}`;
  const sent = await send(url, { method: "PUT", headers: { "content-type": type }, body });
  const { result, messages } = await answerOf<{ readonly deployment_id: string }>(sent, "Not deployed");
  for (const { message } of messages) process.stderr.write(`${message}\n`);
  process.stdout.write(`Deployed ${name}, version ${result.deployment_id}\n`);
}

/** The body, and its type: wrangler leaves the latter out, but each part begins with its boundary. */
async function readForm(file: string): Promise<{ body: Buffer<ArrayBuffer>; type: string }> {
  const body = await readFile(file).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
  const boundary = /^--([^\r\n"]{1,70})\r\n/.exec(body.toString("latin1", 0, 100))?.[1];
  if (boundary === undefined)
    throw new UsageError(`${file} is not a multipart form: create it with \`wrangler deploy --dry-run --outfile ${file}\``);
  return { body, type: `multipart/form-data; boundary="${boundary}"` };
}
