/** What decodes, changes and encodes images. */

/** A step on the way from images to one: a change of an image, or a drawn image. They are taken in order. */
export type ImageStep =
  | { readonly kind: "transform"; readonly image: number; readonly transform: ImageTransform }
  | { readonly kind: "draw"; readonly image: number; readonly drawn: number; readonly options: ImageDraw };

/** Cloudflare's `ImageTransform`, as far as there is an equal for it. */
export interface ImageTransform {
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly fit?: "scale-down" | "contain" | "pad" | "squeeze" | "cover" | "crop" | undefined;
  readonly gravity?: "left" | "right" | "top" | "bottom" | "center" | "auto" | "entropy" | undefined;
  readonly rotate?: number | undefined;
  readonly flip?: "h" | "v" | "hv" | undefined;
  readonly background?: string | undefined;
  readonly blur?: number | undefined;
  readonly sharpen?: number | undefined;
  readonly brightness?: number | undefined;
  readonly contrast?: number | undefined;
  readonly saturation?: number | undefined;
}

/** Where and how an image is drawn: Cloudflare's `ImageDrawOptions`. */
export interface ImageDraw {
  readonly opacity?: number | undefined;
  readonly repeat?: boolean | undefined;
  readonly composite?: "over" | "in" | "atop" | "out" | "xor" | "lighter" | undefined;
  readonly top?: number | undefined;
  readonly left?: number | undefined;
  readonly bottom?: number | undefined;
  readonly right?: number | undefined;
}

export interface ImageOutput {
  readonly format: "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/gif";
  readonly quality?: number | undefined;
  readonly background?: string | undefined;
}

/** What is to be done. The first image is the one that comes out; steps name images by their place. */
export interface ImageWork {
  readonly images: readonly Uint8Array[];
  /** Absent when only the image's properties are asked for. */
  readonly to?: { readonly steps: readonly ImageStep[]; readonly output: ImageOutput };
}

export type ImageInfo =
  | { readonly format: "image/svg+xml" }
  | { readonly format: string; readonly fileSize: number; readonly width: number; readonly height: number };

/** What came of it. User code may see the text of what failed, which has one of Cloudflare's codes. */
export type ImageOutcome =
  | { readonly info: ImageInfo }
  | { readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly failed: { readonly code: number; readonly message: string } };

export interface ImageProcessor {
  /** Never rejects, and always ends. */
  run(work: ImageWork): Promise<ImageOutcome>;
  close(): Promise<void>;
}
