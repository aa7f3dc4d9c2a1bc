/** What becomes of images that a Worker changes: they arrive in parts, are worked on elsewhere, and are read in parts. */
import { z } from "zod";
import { Failure } from "../../model/failures/failure.ts";
import { LIMITS } from "../../model/limits.ts";
import { decode, encode } from "../../model/values/value.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { ImageProcessor, ImageWork } from "../../ports/images.ts";
import type { Answer } from "../answer.ts";
import { failed, GONE, HeldImages } from "./held.ts";
import { imageWork, place } from "./options.ts";

/** What answers about images. */
export interface ImageParts {
  readonly processor: ImageProcessor;
  readonly clock: Clock;
  readonly ids: Pick<Ids, "uuid">;
}

const part = z.instanceof(Uint8Array).refine(({ length }) => length <= LIMITS.imagePartBytes);
const added = z.tuple([z.string().nullable(), place, part]);
const asked = z.tuple([z.string().nullable()]).rest(z.unknown());

/** Answers the calls of user code. */
export function imageAnswers({ processor, clock, ids }: ImageParts): Answer<"images"> {
  const held = new HeldImages(clock, ids);

  async function worked(owner: string, key: string, to: ImageWork["to"]): Promise<object> {
    const images = held.take(owner, key);
    if (images === undefined) return GONE;
    const outcome = await processor.run({ images, ...(to !== undefined && { to }) });
    if ("bytes" in outcome) return { contentType: outcome.contentType, ...held.keep(owner, key, outcome.bytes) };
    held.drop(owner, key);
    return "info" in outcome ? outcome.info : outcome;
  }

  async function output(owner: string, key: string, options: readonly unknown[]): Promise<object> {
    const to = imageWork(options);
    if (!("failed" in to)) return worked(owner, key, to);
    held.drop(owner, key);
    return to;
  }

  async function answer(owner: string, method: string, given: unknown): Promise<object> {
    if (method === "add") return held.add(owner, ...parsed(added, given));
    const [key, ...options] = parsed(asked, given);
    if (key === null) return failed(9412, "The image is empty");
    if (method === "info") return worked(owner, key, undefined);
    if (method === "output") return output(owner, key, options);
    if (method === "read") return held.read(owner, key);
    throw new Failure("body", { detail: `A binding for images has no method "${method}"` });
  }

  return async ({ name, method, args }) => encode(await answer(name, method, decode(args)));
}

function parsed<T extends z.ZodType>(schema: T, given: unknown): z.output<T> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new Failure("body", { detail: "Not a call of a binding for images" });
}
