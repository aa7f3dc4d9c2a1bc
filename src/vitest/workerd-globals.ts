/** What workerd has on top of the web's streams, for code of Workers that runs in Node in tests. */

/** Makes globals of them where they are not there. */
export function defineWorkerdGlobals(): void {
  const globals = globalThis as { FixedLengthStream?: unknown; IdentityTransformStream?: unknown };
  globals.FixedLengthStream ??= class FixedLengthStream extends TransformStream {
    /** Cloudflare announces the length to the receiver; here it is unused. */
    constructor(_length: number) {
      super();
    }
  };
  globals.IdentityTransformStream ??= class IdentityTransformStream extends TransformStream {};
}
