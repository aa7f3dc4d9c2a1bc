/** Objects of a bucket: what is known of one, and with its bytes. */

/** As the bucket tells it. */
export interface SentObject {
  readonly name: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly uploaded: number;
  readonly httpFields?: SentHttpFields;
  readonly customFields?: readonly { readonly k: string; readonly v: string }[];
  readonly range?: { readonly offset: number; readonly length: number };
  /** Hexadecimal, by the number of the algorithm. */
  readonly checksums: Readonly<Record<string, string>>;
  readonly storageClass?: string;
}

/** How an object is served over HTTP, as the bucket tells it. */
export interface SentHttpFields {
  readonly contentType?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly cacheExpiry?: number;
}

const ALGORITHMS = ["md5", "sha1", "sha256", "sha384", "sha512"] as const;

class R2Checksums {
  readonly md5?: ArrayBuffer;
  readonly sha1?: ArrayBuffer;
  readonly sha256?: ArrayBuffer;
  readonly sha384?: ArrayBuffer;
  readonly sha512?: ArrayBuffer;
  readonly #hex: Readonly<Record<string, string>>;

  constructor(sent: Readonly<Record<string, string>>) {
    const known = ALGORITHMS.flatMap((name, at): [string, string][] => {
      const hex = sent[at];
      return hex === undefined ? [] : [[name, hex]];
    });
    this.#hex = Object.fromEntries(known);
    Object.assign(this, Object.fromEntries(known.map(([name, hex]) => [name, bytesOf(hex)])));
  }

  toJSON(): Readonly<Record<string, string>> {
    return this.#hex;
  }
}

export class R2Object {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly checksums: R2Checksums;
  readonly httpMetadata: object;
  readonly customMetadata: Readonly<Record<string, string>>;
  readonly range: { readonly offset: number; readonly length: number } | undefined;
  readonly storageClass: string;
  readonly ssecKeyMd5: undefined;

  constructor(sent: SentObject) {
    this.key = sent.name;
    this.version = sent.version;
    this.size = sent.size;
    this.etag = sent.etag;
    this.httpEtag = `"${sent.etag}"`;
    this.uploaded = new Date(sent.uploaded);
    this.checksums = new R2Checksums(sent.checksums);
    const { cacheExpiry, ...fields } = sent.httpFields ?? {};
    this.httpMetadata = { ...fields, ...(cacheExpiry !== undefined && { cacheExpiry: new Date(cacheExpiry) }) };
    this.customMetadata = Object.fromEntries((sent.customFields ?? []).map(({ k, v }) => [k, v]));
    this.range = sent.range;
    this.storageClass = sent.storageClass ?? "Standard";
  }

  writeHttpMetadata(headers: Headers): void {
    for (const [field, value] of Object.entries(this.httpMetadata)) {
      const name = field === "cacheExpiry" ? "expires" : field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      headers.set(name, value instanceof Date ? value.toUTCString() : String(value));
    }
  }
}

export class R2ObjectBody extends R2Object {
  readonly #response: Response;

  constructor(sent: SentObject, body: ReadableStream<Uint8Array>) {
    super(sent);
    this.#response = new Response(body);
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#response.body;
  }

  get bodyUsed(): boolean {
    return this.#response.bodyUsed;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#response.arrayBuffer();
  }

  bytes(): Promise<Uint8Array> {
    return this.#response.bytes();
  }

  text(): Promise<string> {
    return this.#response.text();
  }

  json(): Promise<unknown> {
    return this.#response.json();
  }

  async blob(): Promise<Blob> {
    const { contentType: type = "" } = this.httpMetadata as SentHttpFields;
    return new Blob([await this.#response.arrayBuffer()], { type });
  }
}

function bytesOf(hex: string): ArrayBuffer {
  const pairs = hex.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)).buffer;
}
