/** What a history says of itself, in `story.json`, and how an instance is shown in it. */
import { readFileSync } from "node:fs";
import type { Envelope } from "../support/server.ts";

/** A data directory that an earlier version has written, and what must be true of it ever after. */
export interface Story {
  /** The commit whose code has written it. */
  readonly commit: string;
  /** The version of the database's schema then. */
  readonly schema: number;
  /** Epoch milliseconds. The server of the test believes that it is soon after. */
  readonly recordedAt: number;
  /** An admin's token. It opens nothing but this directory. */
  readonly token: string;
  /** Names of the users, whose password is `USER_PASSWORD`; none where the version had no users. */
  readonly users: readonly string[];
  /** Cron expressions of schedules and cron triggers. */
  readonly crons: readonly string[];
  /** By id. */
  readonly instances: Readonly<Record<string, ToldInstance>>;
  /** What the Worker `storage` reads from its bindings. */
  readonly storage: Readonly<Record<string, unknown>>;
  /** How many messages are in the queue, where there was one. */
  readonly messages: number | undefined;
}

export interface ToldInstance {
  /** As the version that recorded it has shown it, the server being up. */
  readonly shown: ShownInstance;
  /** What becomes of it after the upgrade without anybody's help. */
  readonly goesOn?: Ending;
  /** What is done to it after the upgrade, and what becomes of it then. */
  readonly next?: { readonly events?: readonly SentEvent[]; readonly change?: object; readonly ending: Ending };
  /** What becomes of it once its time has come. */
  readonly later?: Ending;
}

export interface Ending {
  readonly status: string;
  readonly output: unknown;
}

export interface SentEvent {
  readonly type: string;
  readonly payload: unknown;
}

export interface ShownInstance {
  readonly status: string;
  readonly output: unknown;
  readonly error: unknown;
  readonly params: unknown;
  readonly start: string | null;
  readonly end: string | null;
  readonly trigger: unknown;
  readonly versionId: string;
  readonly steps: readonly object[];
}

/** The password of users in histories. */
export const USER_PASSWORD = "correct horse battery staple";

/** The workflow of all recorded instances. */
export const WORKFLOW = "story";

/** Reads `story.json` beside the data directory. */
export function readStory(folder: string): Story {
  return JSON.parse(readFileSync(`${folder}/story.json`, "utf8")) as Story;
}

/** What an answer shows of an instance, as far as all versions show it. */
export function shownIn({ result }: Envelope): ShownInstance {
  const { status, output, error, params, start, end, trigger, versionId, steps } = result as ShownInstance;
  return { status, output, error, params, start, end, trigger, versionId, steps };
}
