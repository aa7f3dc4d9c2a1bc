/** What is done with a project of test/projects before it is asked, what it is asked, and what comes of it. */
import type { Visit } from "./visit.ts";

/** What a project has answered, by what it was asked. */
export type Answers = Readonly<Record<string, unknown>>;

export interface Probe {
  /** Its folder. */
  readonly project: string;
  /** What kind of project it is, for people. */
  readonly kind: string;
  /** The name of the Worker that is asked. */
  readonly worker: string;
  /** What it says itself is to be run before it is started or deployed, with Node: a build. */
  readonly build?: readonly string[];
  /** Configuration files, the first is that of the Worker that is asked; unless it is one at the usual place. */
  readonly configs?: readonly string[];
  /** Options that its own scripts give to `wrangler dev` and `wrangler deploy`. */
  readonly args?: readonly string[];
  /** Where its secrets are, for a deployment. */
  readonly secrets?: string;
  /** Databases to migrate. */
  readonly databases?: readonly string[];
  /** What wrangler makes in an account before the first deployment, as its documentation says. */
  readonly made?: readonly (readonly string[])[];
  /** Uses it as its users would; what comes of it is the same everywhere. */
  readonly ask: (visit: Visit) => Promise<Answers>;
  readonly expected: Answers;
}
