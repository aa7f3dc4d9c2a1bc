/** Does a piece of work on images with sharp, which is loaded when it is first needed: most servers have no use for it. */
import type { ImageInfo, ImageOutcome, ImageOutput, ImageWork } from "../ports/images.ts";
import { formatOf } from "./format.ts";
import { checked, drawn, opened, refuseTooMany, sizeOf, transformed, type Raster, type SharpModule } from "./raster.ts";
import { Refusal } from "./refusal.ts";

/** Decoders that there is a use for. The others of libvips, such as those of PDF, are never asked. */
const DECODERS = ["Jpeg", "Png", "Webp", "Nsgif", "Heif"].map((name) => `VipsForeignLoad${name}`);

/** Never rejects. */
export async function worked(work: ImageWork): Promise<ImageOutcome> {
  try {
    const sharp = await loaded();
    if (work.to === undefined) return { info: await infoOf(sharp, work.images[0]) };
    const image = await changed(sharp, work.images, work.to.steps);
    return { contentType: work.to.output.format, bytes: await encoded(sharp, image, work.to.output) };
  } catch (cause) {
    if (cause instanceof Refusal) return { failed: { code: cause.code, message: cause.message } };
    // What libvips says of a broken image: its first line.
    const [line = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    return { failed: { code: 9523, message: `The image could not be read or changed: ${line}` } };
  }
}

async function loaded(): Promise<SharpModule> {
  try {
    const { default: sharp } = await import("sharp");
    sharp.cache(false);
    sharp.concurrency(1);
    sharp.block({ operation: ["VipsForeignLoad"] });
    sharp.unblock({ operation: DECODERS });
    return sharp;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND";
    const [line = ""] = String(cause).split("\n");
    throw new Refusal(
      9523,
      isMissing
        ? "The server has no package for images: install it beside stepwell with npm install sharp"
        : `The server cannot load its package for images, sharp: ${line}`,
    );
  }
}

async function infoOf(sharp: SharpModule, data: Uint8Array = new Uint8Array()): Promise<ImageInfo> {
  const format = formatOf(data);
  if (format === undefined) throw new Refusal(9412, "This is not an image in a supported format");
  if (format === "image/svg+xml") return { format };
  const { width, height } = await sizeOf(sharp, data);
  return { format, fileSize: data.length, width, height };
}

/** The first image, after all steps. */
async function changed(
  sharp: SharpModule,
  images: readonly Uint8Array[],
  steps: Required<ImageWork>["to"]["steps"],
): Promise<Raster> {
  const rasters: Raster[] = [];
  for (const data of images) rasters.push(await checked(sharp, data));
  refuseTooMany(areaOf(rasters));
  const at = (place: number): Raster => {
    const found = rasters[place];
    if (found === undefined) throw new Refusal(9412, "The image is empty");
    return found;
  };
  for (const step of steps) {
    rasters[step.image] =
      step.kind === "transform"
        ? await transformed(sharp, at(step.image), step.transform)
        : await drawn(sharp, at(step.image), at(step.drawn), step.options);
    refuseTooMany(areaOf(rasters));
  }
  return at(0);
}

/** They are all in memory. */
function areaOf(rasters: readonly Raster[]): number {
  return rasters.reduce((sum, { width, height }) => sum + width * height, 0);
}

function encoded(sharp: SharpModule, image: Raster, { format, quality, background }: ImageOutput): Promise<Uint8Array> {
  const from = background === undefined ? opened(sharp, image) : opened(sharp, image).flatten({ background });
  const options = quality === undefined ? {} : { quality: Math.round(quality) };
  switch (format) {
    case "image/jpeg":
      return from.jpeg(options).toBuffer();
    case "image/png":
      return from.png().toBuffer();
    case "image/webp":
      return from.webp(options).toBuffer();
    case "image/avif":
      return from.avif(options).toBuffer();
    case "image/gif":
      return from.gif().toBuffer();
  }
}
