/** `stepwell logs`: prints the logs of an instance, or the tail of a Worker. */
import { once } from "node:events";
import { format } from "node:util";
import { WebSocket } from "ws";
import { displayName } from "../../model/step/step.ts";
import { commandLine } from "../command-line.ts";
import { answerOf, send, serverAddress } from "./client.ts";
import type { ShownLine } from "../../api/own/instance-logs.ts";
import { UsageError } from "../../assembly/explain.ts";
import type { TailEvent } from "../../workers/logs/tail-event.ts";

/** What is printed of a message. */
type Line = Pick<ShownLine, "time" | "text" | "step"> & { readonly level: string };

const OPTIONS = {
  step: { type: "string" },
  attempt: { type: "string" },
  level: { type: "string" },
  follow: { type: "boolean", default: false },
} as const;

/** Ends when everything has been printed; with `--follow` when there is nothing more to come. */
export async function logs(args: readonly string[]): Promise<void> {
  const { values, positionals } = commandLine({ args: [...args], options: OPTIONS, allowPositionals: true });
  const { follow, ...filters } = values;
  const [name, instance, ...more] = positionals;
  if (name === undefined || more.length > 0)
    throw new UsageError("stepwell logs WORKFLOW INSTANCE, or stepwell logs SCRIPT --follow");
  if (instance === undefined) {
    if (!follow || Object.keys(filters).length > 0)
      throw new UsageError(
        "stepwell logs SCRIPT --follow: logs of a Worker are not stored, and the filters work for instances only",
      );
    return followScript(name);
  }
  const url = new URL(
    `${serverAddress().own}/workflows/${encodeURIComponent(name)}/instances/${encodeURIComponent(instance)}/logs`,
  );
  for (const [filter, value] of Object.entries(filters)) url.searchParams.set(filter, value);
  return follow ? followInstance(url) : showInstance(url);
}

async function showInstance(url: URL): Promise<void> {
  for (let after: string | undefined = "0"; after !== undefined;) {
    url.searchParams.set("after", after);
    const { result, result_info: info } = await answerOf<{ lines: Line[]; dropped: number }>(await send(url.href), "No logs");
    if (after === "0" && result.dropped > 0) process.stderr.write(`${result.dropped} older messages were dropped\n`);
    for (const line of result.lines) print(line);
    after = info?.cursor;
  }
}

async function followInstance(url: URL): Promise<void> {
  const response = await send(url.href, { headers: { accept: "text/event-stream" } });
  if (!response.ok || response.body === null) return void (await answerOf(response, "No logs"));
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) print(JSON.parse(data) as Line);
    }
  }
}

async function followScript(script: string): Promise<void> {
  const tails = `${serverAddress().account}/workers/scripts/${encodeURIComponent(script)}/tails`;
  const asked = await send(tails, { method: "POST", body: JSON.stringify({ filters: [] }) });
  const { result } = await answerOf<{ url: string }>(asked, "No logs");
  const socket = new WebSocket(result.url, "trace-v1");
  socket.on("message", (data: Buffer) => {
    const { event, eventTimestamp, outcome, logs: lines, exceptions } = JSON.parse(data.toString()) as TailEvent;
    if (event !== null && "message" in event) process.stderr.write(`${event.message}\n`);
    if (event !== null && "request" in event) {
      const { request, response } = event;
      const end = response?.status ?? (outcome === "ok" ? "" : outcome);
      printAt(eventTimestamp, "info", `${request.method} ${request.url} ${end}`.trimEnd());
    }
    for (const { level, message, timestamp } of lines) printAt(timestamp, level, format(...message));
    for (const { message, stack = message, timestamp } of exceptions) printAt(timestamp, "error", stack);
  });
  process.once("SIGINT", () => socket.close());
  process.once("SIGTERM", () => socket.close());
  await once(socket, "close");
}

function print({ time, level, text, step }: Line): void {
  const from = step === null ? "" : `[${displayName(step.name, step.count)}, attempt ${step.attempt}] `;
  process.stdout.write(`${time} ${level.padEnd(5)} ${from}${text}\n`);
}

function printAt(time: number, level: string, text: string): void {
  print({ time: new Date(time).toISOString(), level, text, step: null });
}
