/**
 * A binding that changes images as user code knows it: Cloudflare's `ImagesBinding`. The server does the work. Images cross in parts, so
 * that a large one holds up neither the isolate nor the server.
 */
import { LIMITS } from "../../model/limits.ts";
import type { ImageInfo } from "../../ports/images.ts";
import type { Call } from "../../runtime/bindings/calls.ts";
import { unusable } from "../unsupported/stand-in.ts";
import { fromBase64, toBase64 } from "./base64.ts";

type Source = ReadableStream<Uint8Array>;

interface Encoding {
  readonly encoding?: "base64";
}

/** Of the server, for what user code asked: what came of it, or why nothing did. */
export type Answered<T> = T | { readonly failed: { readonly code: number; readonly message: string } };

/** An image that the server has made: its first part, and whether `read` gives more. */
export interface MadeImage {
  readonly contentType: string;
  readonly part: Uint8Array;
  readonly hasMore: boolean;
}

/** Cloudflare's `ImagesError`. */
class ImagesError extends Error {
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

interface Step {
  readonly transform?: unknown;
  readonly draw?: ImageTransformer;
  readonly options?: object;
}

/** What is sent of a step: images by their place. */
type SentStep =
  | { readonly kind: "transform"; readonly image: number; readonly transform: unknown }
  | { readonly kind: "draw"; readonly image: number; readonly drawn: number; readonly options: object };

class ImageTransformer {
  readonly #call: Call;
  readonly #source: Source;
  readonly #isBase64: boolean;
  readonly #steps: Step[] = [];
  #isConsumed = false;

  constructor(call: Call, source: Source, encoding?: string) {
    this.#call = call;
    this.#source = source;
    this.#isBase64 = encoding === "base64";
  }

  transform(transform: object): this {
    this.#steps.push({ transform });
    return this;
  }

  draw(image: Source | ImageTransformer, options: object = {}): this {
    const drawn = image instanceof ImageTransformer ? image : new ImageTransformer(this.#call, image);
    drawn.#consume();
    this.#steps.push({ draw: drawn, options });
    return this;
  }

  async output(output: object): Promise<TransformationResult> {
    this.#consume();
    const sources: ImageTransformer[] = [this];
    const steps = this.#numbered(0, sources);
    const upload = new Upload(this.#call, "TRANSFORM");
    for (const [index, each] of sources.entries()) await upload.add(index, each.#source, each.#isBase64);
    const { contentType, part, hasMore } = await upload.ask<MadeImage>("output", steps, output);
    const parts = [part];
    for (let goesOn = hasMore; goesOn;) {
      const next = await upload.ask<Pick<MadeImage, "part" | "hasMore">>("read");
      parts.push(next.part);
      goesOn = next.hasMore;
    }
    return new TransformationResult(contentType, new Blob(parts, { type: contentType }));
  }

  #consume(): void {
    const message =
      "IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed; you may only call .output() or draw a transformer once";
    if (this.#isConsumed) throw new ImagesError(message, 9525);
    this.#isConsumed = true;
  }

  /** The steps of this image, number `image`; what is drawn becomes one of `sources`, and is made before it is drawn. */
  #numbered(image: number, sources: ImageTransformer[]): SentStep[] {
    return this.#steps.flatMap(({ transform, draw, options = {} }) => {
      if (draw === undefined) return [{ kind: "transform", image, transform }];
      const drawn = sources.push(draw) - 1;
      return [...draw.#numbered(drawn, sources), { kind: "draw", image, drawn, options }];
    });
  }
}

class TransformationResult {
  readonly #contentType: string;
  readonly #image: Blob;

  constructor(contentType: string, image: Blob) {
    this.#contentType = contentType;
    this.#image = image;
  }

  contentType(): string {
    return this.#contentType;
  }

  image(options?: Encoding): ReadableStream {
    const stream = this.#image.stream();
    return options?.encoding === "base64" ? stream.pipeThrough(toBase64()) : stream;
  }

  response(options?: { readonly headers?: ConstructorParameters<typeof Headers>[0] }): Response {
    const headers = new Headers(options?.headers);
    headers.set("content-type", this.#contentType);
    return new Response(this.image(), { headers });
  }
}

/** The images of one piece of work, on their way to the server. */
class Upload {
  readonly #call: Call;
  readonly #operation: "INFO" | "TRANSFORM";
  #id: string | null = null;
  #bytes = 0;

  constructor(call: Call, operation: "INFO" | "TRANSFORM") {
    this.#call = call;
    this.#operation = operation;
  }

  /** Reads no more of a stream than may be sent. */
  async add(index: number, source: Source, isBase64: boolean): Promise<void> {
    if (!(source instanceof ReadableStream)) throw new TypeError("Images are given as a ReadableStream");
    const reader = (isBase64 ? source.pipeThrough(fromBase64()) : source).getReader();
    const part = new Uint8Array(LIMITS.imagePartBytes);
    let length = 0;
    const flush = async (): Promise<void> => {
      if (length > 0) this.#id = (await this.ask<{ readonly id: string }>("add", index, part.slice(0, length))).id;
      length = 0;
    };
    let isOver = false;
    try {
      while (!isOver) {
        const { done, value } = await reader.read();
        isOver = done;
        for (let left = this.#counted(value); left.length > 0;) {
          const taken = left.subarray(0, part.length - length);
          part.set(taken, length);
          length += taken.length;
          left = left.subarray(taken.length);
          if (length === part.length) await flush();
        }
      }
      await flush();
    } finally {
      // Not waited for: a source need not answer.
      if (!isOver) reader.cancel().catch(() => {});
    }
  }

  async ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const answer = (await this.#call(method, [this.#id, ...args])) as Answered<T & object>;
    if ("failed" in answer) throw this.#error(answer.failed.code, answer.failed.message);
    return answer;
  }

  #counted(chunk: unknown = new Uint8Array()): Uint8Array {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("The stream of an image has chunks that are no Uint8Array");
    this.#bytes += chunk.length;
    if (this.#bytes > LIMITS.imageBytes) throw this.#error(9402, `The images have more than ${LIMITS.imageBytes} bytes`);
    return chunk;
  }

  #error(code: number, message: string): ImagesError {
    return new ImagesError(`IMAGES_${this.#operation}_ERROR ${code}: ${message}`, code);
  }
}

/** A binding that asks `call`. */
export function imagesBinding(call: Call): object {
  return {
    info: async (stream: Source, options?: Encoding): Promise<ImageInfo> => {
      const upload = new Upload(call, "INFO");
      await upload.add(0, stream, options?.encoding === "base64");
      return upload.ask<ImageInfo>("info");
    },
    input: (stream: Source, options?: Encoding) => new ImageTransformer(call, stream, options?.encoding),
    text: () => {
      throw new Error("Text as an image (IMAGES.text) is not supported by stepwell");
    },
    hosted: unusable("Hosted images (IMAGES.hosted) are not supported by stepwell: keep images in R2"),
  };
}
