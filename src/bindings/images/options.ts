/** How images may be changed: what is not among it is refused by its name, as an option without effect would go unnoticed. */
import { z } from "zod";
import { LIMITS } from "../../model/limits.ts";
import type { ImageStep, ImageWork } from "../../ports/images.ts";
import type { Failed } from "./held.ts";

const side = z.number().int().min(1).max(LIMITS.imageSide).optional();
const offset = z.number().int().min(-LIMITS.imageSide).max(LIMITS.imageSide).optional();
const factor = z.number().min(0).max(LIMITS.imageFactor).optional();
const color = z.string().max(100).optional();

const transform = z.strictObject({
  width: side,
  height: side,
  fit: z.enum(["scale-down", "contain", "pad", "squeeze", "cover", "crop"]).optional(),
  gravity: z.enum(["left", "right", "top", "bottom", "center", "auto", "entropy"]).optional(),
  rotate: z.literal([0, 90, 180, 270, 360]).optional(),
  flip: z.enum(["h", "v", "hv"]).optional(),
  background: color,
  blur: z.number().min(0).max(250).optional(),
  sharpen: z.number().min(0).max(10).optional(),
  brightness: factor,
  contrast: factor,
  saturation: factor,
});

const draw = z.strictObject({
  opacity: z.number().min(0).max(1).optional(),
  repeat: z.boolean().optional(),
  composite: z.enum(["over", "in", "atop", "out", "xor", "lighter"]).optional(),
  top: offset,
  left: offset,
  bottom: offset,
  right: offset,
});

/** The number of an image among those of a piece of work. */
export const place: z.ZodType<number> = z
  .number()
  .int()
  .min(0)
  .max(LIMITS.imagesTogether - 1);

const step: z.ZodType<ImageStep> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("transform"), image: place, transform }),
  z.strictObject({ kind: z.literal("draw"), image: place, drawn: place, options: draw }),
]);

const output = z.strictObject({
  format: z.enum(["image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"]).default("image/jpeg"),
  quality: z.number().min(1).max(100).optional(),
  background: color,
  // Images have one frame here, so there is nothing to keep still.
  anim: z.boolean().optional(),
});

const work = z.tuple([z.array(step).max(LIMITS.imageSteps), output]);

/** What user code wants to have done, or why that is impossible. */
export function imageWork(given: unknown): Required<ImageWork>["to"] | Failed {
  const read = work.safeParse(given);
  if (!read.success) return { failed: { code: 9401, message: problemOf(read.error.issues) } };
  const [steps, { anim: _, ...options }] = read.data;
  return { steps, output: options };
}

function problemOf([issue]: readonly z.core.$ZodIssue[]): string {
  if (issue?.code === "unrecognized_keys") return `The option ${issue.keys.join(", ")} is not supported`;
  const name = issue?.path.findLast((part) => typeof part === "string");
  return `The option ${name ?? "steps"} is not valid or not supported: ${issue?.message ?? ""}`;
}
