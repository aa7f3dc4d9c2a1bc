/** What a run of the suite collects: checks, figures, how many acknowledged operations were checked, and what was skipped. */

export interface Check {
  readonly part: string;
  readonly what: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface Part {
  readonly name: string;
  /** Its share of the time of a run. */
  readonly weight: number;
  /** More time than this shows nothing more. */
  readonly longestMs: number;
  readonly run: (suite: Suite) => Promise<void>;
}

export class Suite {
  readonly seed: number;
  readonly library: string;
  readonly checks: Check[] = [];
  readonly figures: Record<string, number> = {};
  /** How long the part that runs may take, in milliseconds. */
  forMs = 0;
  #part = "";

  constructor(seed: number, library: string) {
    this.seed = seed;
    this.library = library;
  }

  begin(part: string, forMs: number): void {
    this.#part = part;
    this.forMs = forMs;
  }

  check(what: string, holds: boolean, detail: string = ""): void {
    this.checks.push({ part: this.#part, what, holds, detail: holds ? "" : detail });
    if (!holds) process.stdout.write(`  FAILED ${this.#part}: ${what}\n    ${detail.slice(0, 4_000)}\n`);
  }

  /** Adds to a figure of the part that runs. */
  add(name: string, value: number): void {
    const key = `${this.#part}: ${name}`;
    this.figures[key] = (this.figures[key] ?? 0) + value;
  }

  /** A figure of all parts together. */
  sum(name: string): number {
    return Object.entries(this.figures).reduce((sum, [each, value]) => (each.endsWith(`: ${name}`) ? sum + value : sum), 0);
  }

  /** Acknowledged operations that were found as they were acknowledged. */
  get operations(): number {
    return this.sum("acknowledged operations");
  }
}
