/** What is fuzzed: a line a target. */
import type { Target } from "./target.ts";
import { codec } from "./targets/codec.ts";
import { config } from "./targets/config.ts";
import { cron } from "./targets/cron.ts";
import { durations } from "./targets/durations.ts";
import { eventStream } from "./targets/event-stream.ts";
import { frames } from "./targets/frames.ts";
import { http } from "./targets/http.ts";
import { messages } from "./targets/messages.ts";
import { multipart, multipartWorkerd } from "./targets/multipart.ts";
import { rest, restWorkerd } from "./targets/rest.ts";
import { texts } from "./targets/texts.ts";

const SERVERS: readonly Target[] = [rest, restWorkerd, http, multipart, multipartWorkerd, eventStream];

const FORMATS: readonly Target[] = [frames, messages, codec, cron, durations, config, texts];

export const TARGETS: readonly Target[] = [...SERVERS, ...FORMATS];
