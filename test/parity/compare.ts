/** Runs an input on both systems, and says whether they did the same. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Input } from "./input.ts";
import { stepwell, wrangler, type Outcome, type Run, type System } from "./system.ts";

export interface Compared {
  readonly input: Input;
  readonly wrangler: Run;
  readonly stepwell: Run;
  /** `same`, `explained` when the input says why not, or `different`. */
  readonly verdict: "same" | "explained" | "different";
}

/** Below the packages, so that projects find them. */
const PROJECTS = fileURLToPath(new URL("packages/projects/", import.meta.url));

/** A difference counts when it is there a second time: what comes of a machine that is busy is none. */
export async function compare(input: Input): Promise<Compared> {
  const first = await compareOnce(input);
  return first.verdict === "different" ? compareOnce(input) : first;
}

async function compareOnce(input: Input): Promise<Compared> {
  const theirs = await inProject(input, wrangler);
  const ours = await inProject(input, stepwell);
  const isSame = shown(theirs.outcome) === shown(ours.outcome);
  const verdict = isSame ? "same" : input.onPurpose === undefined ? "different" : "explained";
  return { input, wrangler: theirs, stepwell: ours, verdict };
}

/** An outcome in a line. Of an error's page only the status counts: it names files and has stacks. */
export function shown(outcome: Outcome): string {
  if ("refused" in outcome) return "refused";
  return outcome.answers.map(({ status, body }) => (status >= 500 ? `${status}` : `${status} ${body}`)).join(", ");
}

/** Each system gets a folder of its own: neither sees what the other has written. */
async function inProject(input: Input, system: System): Promise<Run> {
  await mkdir(PROJECTS, { recursive: true });
  const folder = await mkdtemp(join(PROJECTS, `${input.name}-`));
  try {
    const files = Object.entries(input.files).map(([path, text]): [string, Buffer] => [path, Buffer.from(text)]);
    const bytes = Object.entries(input.base64 ?? {}).map(([path, text]): [string, Buffer] => [path, Buffer.from(text, "base64")]);
    for (const [path, content] of [...files, ...bytes]) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    return await system(folder, input);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
