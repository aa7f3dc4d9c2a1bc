/** Example params in local storage, by workflow: named ones, and recently used ones. */

/** Params that were kept. */
export interface Example {
  /** Absent when they were only used. */
  readonly name?: string;
  readonly text: string;
}

const KEY = "stepwell.examples";

/** Without a name so many are kept. */
const USED = 5;

/** Those with a name first. */
export function examplesOf(workflow: string): readonly Example[] {
  return all()[workflow] ?? [];
}

/** Keeps params under a name, in place of those that had it. */
export function keepExample(workflow: string, name: string, text: string): readonly Example[] {
  return put(workflow, [{ name, text }, ...examplesOf(workflow).filter((each) => each.name !== name)]);
}

/** Keeps params that have been used. */
export function keepUsed(workflow: string, text: string): void {
  const before = examplesOf(workflow);
  if (before.some((each) => each.text === text)) return;
  put(workflow, [...before, { text }]);
}

export function dropExample(workflow: string, example: Example): readonly Example[] {
  return put(
    workflow,
    examplesOf(workflow).filter(({ name, text }) => name !== example.name || text !== example.text),
  );
}

function put(workflow: string, examples: readonly Example[]): readonly Example[] {
  const named = examples.filter(({ name }) => name !== undefined);
  const used = examples.filter(({ name }) => name === undefined).slice(-USED);
  const kept = [...named, ...used];
  localStorage.setItem(KEY, JSON.stringify({ ...all(), [workflow]: kept }));
  return kept;
}

function all(): Record<string, readonly Example[]> {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, readonly (Example | string)[]>;
    // An older dashboard kept texts.
    const entries = Object.entries(found).map(([workflow, examples]) => [
      workflow,
      examples.map((each) => (typeof each === "string" ? { text: each } : each)),
    ]);
    return Object.fromEntries(entries) as Record<string, readonly Example[]>;
  } catch {
    return {};
  }
}
