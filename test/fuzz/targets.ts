/** What is fuzzed: a line a target. */
import type { Target } from "./target.ts";
import { eventStream } from "./targets/event-stream.ts";
import { http } from "./targets/http.ts";
import { multipart, multipartWorkerd } from "./targets/multipart.ts";
import { rest, restWorkerd } from "./targets/rest.ts";

export const TARGETS: readonly Target[] = [rest, restWorkerd, http, multipart, multipartWorkerd, eventStream];
