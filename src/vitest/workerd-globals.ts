/** What workerd has on top of the web's streams, for code that runs in Node in tests: the Worker's own, and our client of R2. */

interface Reader {
  read(into: ArrayBufferView, options: { readonly min: number }): Promise<unknown>;
}

/** Makes globals of them where they are not there. */
export function defineWorkerdGlobals(): void {
  const globals = globalThis as { FixedLengthStream?: unknown; IdentityTransformStream?: unknown };
  globals.FixedLengthStream ??= class FixedLengthStream extends TransformStream {
    /** The length is what the other side is told on Cloudflare; here it counts. */
    constructor(_length: number) {
      super();
    }
  };
  globals.IdentityTransformStream ??= class IdentityTransformStream extends TransformStream {};
  Object.defineProperty(ReadableStreamBYOBReader.prototype, "readAtLeast", {
    configurable: true,
    value(this: Reader, min: number, into: ArrayBufferView): Promise<unknown> {
      return this.read(into, { min });
    },
  });
}
