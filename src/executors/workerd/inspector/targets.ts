/** The isolates that a debugger may look into, by Worker. They come and go while it stays. */
import { within } from "../child/deadline.ts";
import type { MappedCode } from "./source-map.ts";

/** An isolate that has loaded. */
export interface InspectedIsolate extends MappedCode {
  readonly script: string;
  /** workerd's own inspector of it, a WebSocket. */
  readonly url: string;
  /** Resolves when the isolate has ended. */
  readonly ended: Promise<unknown>;
  /** A debugger may stop it for as long as it likes: it is not watched until the function that this answers is called. */
  suspendWatch(): () => void;
}

/** Connects to an isolate. Resolves when breakpoints are set in it; rejects never. */
export type Follower = (isolate: InspectedIsolate) => Promise<void>;

/** How long an isolate waits for debuggers before its code runs, in milliseconds. */
const ATTACH_MS = 2_000;

export class InspectorTargets {
  /** Where a Worker's sources are. */
  readonly folderOf: (script: string) => string | undefined;
  readonly #isolates: Set<InspectedIsolate> = new Set();
  readonly #followers: Map<string, Set<Follower>> = new Map();

  constructor(folderOf: (script: string) => string | undefined) {
    this.folderOf = folderOf;
  }

  /** Resolves when the debuggers of the Worker have their breakpoints in it; what it runs before that would not stop. */
  async add(isolate: InspectedIsolate): Promise<void> {
    this.#isolates.add(isolate);
    void isolate.ended.then(() => this.#isolates.delete(isolate));
    const followers = [...(this.#followers.get(isolate.script) ?? [])];
    if (followers.length === 0) return;
    await within(ATTACH_MS, "A debugger", Promise.all(followers.map((follow) => follow(isolate)))).catch(() => undefined);
  }

  /** Calls back for each isolate of a Worker, now and from now on; answers how to stop that. */
  follow(script: string, found: Follower): () => void {
    const followers = this.#followers.get(script) ?? new Set();
    this.#followers.set(script, followers);
    followers.add(found);
    for (const isolate of this.#isolates) if (isolate.script === script) void found(isolate);
    return () => followers.delete(found);
  }
}
