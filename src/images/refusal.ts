/** Why an image is not changed, in a way that user code may see, with one of Cloudflare's codes. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
