/** Decoded images, and the changes that they go through one by one. An image is decoded when its first change needs it. */
import type { Metadata, OverlayOptions, ResizeOptions, Sharp, SharpOptions } from "sharp";
import { LIMITS } from "../model/limits.ts";
import type { ImageDraw, ImageTransform } from "../ports/images.ts";
import { formatOf } from "./format.ts";
import { Refusal } from "./refusal.ts";

export type SharpModule = (input: Uint8Array, options?: SharpOptions) => Sharp;

/** An image: encoded, or its pixels, which have channels. Its sides are those after it has been turned upright. */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels?: 3 | 4;
}

type Pixels = Required<Raster>;

/** What sharp is to make of an image. */
export function opened(sharp: SharpModule, { data, width, height, channels }: Raster): Sharp {
  const limit = { limitInputPixels: LIMITS.imagePixels };
  if (channels !== undefined) return sharp(data, { raw: { width, height, channels }, ...limit });
  // Its first frame alone, as in Cloudflare's simulator.
  return sharp(data, { autoOrient: true, ...limit });
}

/** The sides of an encoded image, of which nothing is decoded. */
export function sizeOf(sharp: SharpModule, data: Uint8Array): Promise<Metadata> {
  return sharp(data, { limitInputPixels: false }).metadata();
}

/** @throws Refusal for what is no image, and for one with too many pixels: before one of them is decoded. */
export async function checked(sharp: SharpModule, data: Uint8Array): Promise<Raster> {
  const format = formatOf(data);
  if (format === undefined) throw new Refusal(9412, "This is not an image in a supported format");
  if (format === "image/svg+xml") throw new Refusal(9520, "SVG images cannot be changed");
  const { width, height } = (await sizeOf(sharp, data)).autoOrient;
  refuseTooMany(width * height);
  return { data, width, height };
}

export async function transformed(sharp: SharpModule, image: Raster, transform: ImageTransform): Promise<Raster> {
  const turned = await turnedBy(sharp, image, transform);
  const { width, height, background } = transform;
  const sized = width === undefined && height === undefined ? turned : await resized(sharp, turned, transform);
  const flat = background === undefined ? sized : await pixels(opened(sharp, sized).flatten({ background }));
  return coloured(sharp, flat, transform);
}

/** Draws one image on another. */
export async function drawn(sharp: SharpModule, on: Raster, image: Raster, options: ImageDraw): Promise<Raster> {
  const { left, right, top, bottom, opacity = 1, repeat = false, composite = "over" } = options;
  if ((left !== undefined && right !== undefined) || (top !== undefined && bottom !== undefined))
    throw new Refusal(9401, "Of left and right, and of top and bottom, only one can be set");
  const base = await pixels(opened(sharp, on));
  const over = await faded(sharp, await pixels(opened(sharp, image)), opacity);
  const x = offset(base.width, over.width, left, right);
  const y = offset(base.height, over.height, top, bottom);
  const part = await overlap(sharp, base, over, x, y);
  if (part === undefined) return base;
  const overlay: OverlayOptions = {
    input: Buffer.from(part.data),
    raw: { width: part.width, height: part.height, channels: part.channels },
    left: Math.max(x, 0),
    top: Math.max(y, 0),
    tile: repeat,
    blend: composite === "lighter" ? "add" : composite,
  };
  return pixels(opened(sharp, base).composite([overlay]));
}

/** Flips come before turns, and sides are those after turns, as on Cloudflare. */
async function turnedBy(sharp: SharpModule, image: Raster, { flip, rotate = 0 }: ImageTransform): Promise<Raster> {
  let turned = image;
  if (flip !== undefined) {
    const from = opened(sharp, image);
    turned = await pixels(from.flop(flip.includes("h")).flip(flip.includes("v")));
  }
  return rotate % 360 === 0 ? turned : pixels(opened(sharp, turned).rotate(rotate));
}

async function resized(sharp: SharpModule, image: Raster, transform: ImageTransform): Promise<Raster> {
  const { width, height, fit = "scale-down", gravity, background } = transform;
  refuseTooMany(largestArea(image, transform));
  const options: ResizeOptions = {
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    fit: FITS[fit],
    withoutEnlargement: fit === "scale-down" || fit === "crop",
    ...(gravity !== undefined && { position: POSITIONS[gravity] }),
    ...(fit === "pad" && { background: background ?? "#ffffff" }),
  };
  return pixels(opened(sharp, image).resize(options));
}

/** What an image has at most after a change of its size, in pixels: one side alone changes the other with it. */
function largestArea({ width: w, height: h }: Raster, { width, height, fit }: ImageTransform): number {
  const scale = Math.min((width ?? Infinity) / w, (height ?? Infinity) / h);
  if (fit === "contain") return w * h * scale ** 2;
  if (fit === undefined || fit === "scale-down" || fit === "crop") return w * h;
  return Math.max(width ?? w, w * scale) * Math.max(height ?? h, h * scale);
}

/** As Cloudflare's simulator translates them. */
const FITS = {
  "scale-down": "inside",
  contain: "inside",
  cover: "cover",
  crop: "cover",
  pad: "contain",
  squeeze: "fill",
} as const;

const POSITIONS = {
  left: "left",
  right: "right",
  top: "top",
  bottom: "bottom",
  center: "centre",
  auto: "attention",
  entropy: "entropy",
} as const;

/** The grey that contrast leaves as it is. */
const MIDDLE = 128;

/** The least sigma that sharp takes. */
const LEAST_BLUR = 0.3;

async function coloured(sharp: SharpModule, image: Raster, transform: ImageTransform): Promise<Raster> {
  const { blur = 0, sharpen = 0, brightness = 0, contrast = 0, saturation = 0 } = transform;
  // Zero changes nothing, as on Cloudflare.
  const changes: readonly [number, (from: Sharp) => Sharp][] = [
    [brightness, (from) => from.modulate({ brightness })],
    [contrast, (from) => from.linear(contrast, MIDDLE * (1 - contrast))],
    [saturation, (from) => from.modulate({ saturation })],
    [blur, (from) => from.blur(Math.max(blur, LEAST_BLUR))],
    [sharpen, (from) => from.sharpen({ sigma: sharpen })],
  ];
  let changed = image;
  for (const [amount, change] of changes) if (amount > 0) changed = await pixels(change(opened(sharp, changed)));
  return changed;
}

async function pixels(from: Sharp): Promise<Pixels> {
  const { data, info } = await from.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { data, width, height, channels: channels as 3 | 4 };
}

async function faded(sharp: SharpModule, image: Pixels, opacity: number): Promise<Pixels> {
  if (opacity === 1) return image;
  const mask = { input: Buffer.from([0, 0, 0, Math.round(opacity * 255)]), raw: { width: 1, height: 1, channels: 4 as const } };
  return pixels(
    opened(sharp, image)
      .ensureAlpha()
      .composite([{ ...mask, tile: true, blend: "dest-in" }]),
  );
}

/** Where it begins on an axis: in the middle unless one end says otherwise. */
function offset(base: number, over: number, start: number | undefined, end: number | undefined): number {
  if (start !== undefined) return start;
  return end === undefined ? Math.round((base - over) / 2) : base - over - end;
}

/** The part of what is drawn that is on the image. */
async function overlap(sharp: SharpModule, base: Pixels, over: Pixels, x: number, y: number): Promise<Pixels | undefined> {
  const [left, top] = [Math.max(-x, 0), Math.max(-y, 0)];
  const width = Math.min(over.width - left, base.width - Math.max(x, 0));
  const height = Math.min(over.height - top, base.height - Math.max(y, 0));
  if (width <= 0 || height <= 0) return undefined;
  if (width === over.width && height === over.height) return over;
  return pixels(opened(sharp, over).extract({ left, top, width, height }));
}

/** @throws Refusal for more pixels than may be in memory. */
export function refuseTooMany(pixelCount: number): void {
  if (pixelCount > LIMITS.imagePixels) throw new Refusal(9413, `There are more than ${LIMITS.imagePixels} pixels`);
}
