/** Images from the object in env to real decoders and back: what is changed, what is refused, and what survives. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { Answer } from "../../src/bindings/answer.ts";
import { imagesBinding } from "../../src/bindings/images/client.ts";
import { imageAnswers } from "../../src/bindings/images/server.ts";
import { LIMITS } from "../../src/model/limits.ts";
import { CALL_DEPTH, decode, encode } from "../../src/model/values/value.ts";
import type { ImageProcessor } from "../../src/ports/images.ts";
import type { Call } from "../../src/runtime/bindings/calls.ts";
import { fakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";
import { silentLog } from "../../src/noop/log.ts";
import { systemClock } from "../../src/system/clock.ts";
import { ImageProcesses } from "../../src/images/processes.ts";

interface Transformer {
  transform(options: object): Transformer;
  draw(image: unknown, options?: object): Transformer;
  output(
    options: object,
  ): Promise<{ contentType(): string; image(options?: object): ReadableStream; response(options?: object): Response }>;
}

interface Images {
  info(stream: ReadableStream, options?: object): Promise<object>;
  input(stream: unknown, options?: object): Transformer;
  text(): never;
  readonly hosted: { upload(): unknown };
}

const processes = new ImageProcesses({ clock: systemClock, log: silentLog });
afterAll(() => processes.close());

let clock: FakeClock;
let ids: number;
let images: Images;

beforeEach(() => {
  clock = fakeClock();
  ids = 0;
  answers = new Map();
  images = bind(processes);
});

function bind(processor: ImageProcessor): Images {
  return imagesBinding(call(processor)) as Images;
}

let answers: Map<ImageProcessor, Answer<"images">>;

/** What the object in env asks. */
function call(processor: ImageProcessor, name = "shop/IMAGES"): Call {
  const parts = { processor, clock, ids: { uuid: () => String((ids += 1)) } };
  const answer = answers.get(processor) ?? imageAnswers(parts);
  answers.set(processor, answer);
  return async (method, args) => {
    const asked = { to: "images", name, method, args: encode(args, CALL_DEPTH) };
    return decode(await answer(asked, { type: "images", name: "IMAGES" }));
  };
}

/** A stream of many small chunks. */
function streamOf(bytes: Uint8Array, chunk = 5_000): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull: (to) => {
      if (at >= bytes.length) return to.close();
      to.enqueue(bytes.slice(at, (at += chunk)));
    },
  });
}

const RED = { r: 255, g: 0, b: 0 };
const BLUE = { r: 0, g: 0, b: 255 };
const filled = (width: number, height: number, background: object = RED): Promise<Uint8Array> =>
  sharp({ create: { width, height, channels: 3, background: background as typeof RED } })
    .png()
    .toBuffer();

/** Left half red, right half blue. */
async function halves(width: number, height: number): Promise<Uint8Array> {
  const right = await filled(width / 2, height, BLUE);
  return sharp(await filled(width, height))
    .composite([{ input: Buffer.from(right), left: width / 2, top: 0 }])
    .png()
    .toBuffer();
}

async function madeOf(transformer: Transformer, output: object = { format: "image/png" }): Promise<Buffer> {
  return Buffer.from(await (await transformer.output(output)).response().arrayBuffer());
}

async function sizeOf(transformer: Transformer): Promise<number[]> {
  const { width, height } = await sharp(await madeOf(transformer)).metadata();
  return [width, height];
}

async function pixel(image: Buffer, left: number, top: number): Promise<number[]> {
  return [...(await sharp(image).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer())];
}

describe("info", () => {
  test.each(["jpeg", "png", "webp", "gif", "avif"] as const)("tells format and size of %s", async (format) => {
    const bytes = await sharp(await filled(30, 20))
      .toFormat(format)
      .toBuffer();
    expect(await images.info(streamOf(bytes))).toEqual({
      format: `image/${format}`,
      fileSize: bytes.length,
      width: 30,
      height: 20,
    });
  });

  test("tells the format alone of SVG, without decoding it", async () => {
    const svg = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`;
    expect(await images.info(streamOf(Buffer.from(svg)))).toEqual({ format: "image/svg+xml" });
  });

  test("reads base64", async () => {
    const text = Buffer.from(Buffer.from(await filled(30, 20)).toString("base64"));
    expect(await images.info(streamOf(text, 7), { encoding: "base64" })).toMatchObject({ width: 30, height: 20 });
  });

  test.each([
    ["a text", "not an image"],
    ["nothing", ""],
    ["a PDF", "%PDF-1.4 ..."],
    ["the first bytes of a PNG alone", "\x89PNG\r\n\x1a\n"],
  ])("refuses %s with a code", async (what, text) => {
    const code = what.startsWith("the first") ? 9523 : 9412;
    await expect(images.info(streamOf(Buffer.from(text, "latin1")))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(`^IMAGES_INFO_ERROR ${code}: `) as string,
    });
  });
});

describe("transform", () => {
  test.each([
    [{ width: 20 }, [20, 10]],
    [{ width: 400 }, [40, 20]],
    [{ width: 80, fit: "contain" }, [80, 40]],
    [{ width: 10, height: 10 }, [10, 5]],
    [{ width: 10, height: 10, fit: "cover" }, [10, 10]],
    [{ width: 10, height: 10, fit: "pad" }, [10, 10]],
    [{ width: 10, height: 10, fit: "squeeze" }, [10, 10]],
    [{ width: 30, height: 30, fit: "crop" }, [30, 20]],
    [{ rotate: 90 }, [20, 40]],
    [{ rotate: 90, width: 10 }, [10, 20]],
  ])("%j gives %j", async (options, size) => {
    expect(await sizeOf(images.input(streamOf(await filled(40, 20))).transform(options))).toEqual(size);
  });

  test("several are made in their order", async () => {
    const input = images.input(streamOf(await filled(40, 20)));
    expect(await sizeOf(input.transform({ width: 20 }).transform({ rotate: 90 }).transform({ width: 5 }))).toEqual([5, 10]);
  });

  test("what is cropped, flipped and turned is where it should be", async () => {
    const source = await halves(40, 20);
    const at = async (options: object): Promise<number[]> =>
      pixel(await madeOf(images.input(streamOf(source)).transform(options)), 0, 0);
    expect(await at({ width: 10, height: 20, fit: "cover", gravity: "left" })).toEqual([255, 0, 0]);
    expect(await at({ width: 10, height: 20, fit: "cover", gravity: "right" })).toEqual([0, 0, 255]);
    expect(await at({ flip: "h" })).toEqual([0, 0, 255]);
    expect(await at({ flip: "h", rotate: 180 })).toEqual([255, 0, 0]);
    expect(await at({ rotate: 180 })).toEqual([0, 0, 255]);
    expect(await at({ width: 40, height: 40, fit: "pad", background: "#00ff00" })).toEqual([0, 255, 0]);
  });

  test("colours change", async () => {
    const grey = await filled(4, 4, { r: 100, g: 100, b: 100 });
    const at = async (options: object): Promise<number> =>
      (await pixel(await madeOf(images.input(streamOf(grey)).transform(options)), 1, 1))[0] ?? 0;
    expect(await at({ brightness: 1.5 })).toBeGreaterThan(120);
    expect(await at({ contrast: 2 })).toBe(72);
    expect(await at({ brightness: 0, blur: 0, sharpen: 0 })).toBe(100);
  });

  test.each([
    ["jpeg", { quality: 50 }],
    ["png", {}],
    ["webp", { quality: 50 }],
    ["avif", { quality: 50 }],
    ["gif", { anim: false }],
  ])("makes %s", async (format, more) => {
    const result = await images.input(streamOf(await filled(40, 20))).output({ format: `image/${format}`, ...more });
    const bytes = Buffer.from(await result.response({ headers: { "x-own": "1" } }).arrayBuffer());
    expect(result.contentType()).toBe(`image/${format}`);
    expect(result.response({ headers: { "x-own": "1" } }).headers.get("x-own")).toBe("1");
    expect((await sharp(bytes).metadata()).format).toBe(format === "avif" ? "heif" : format);
    const base64 = await new Response(result.image({ encoding: "base64" })).text();
    expect(base64).toBe(bytes.toString("base64"));
  });

  test.each([
    [{ border: { width: 1 } }, "The option border is not supported"],
    [{ width: -1 }, "The option width is not valid or not supported"],
    [{ width: LIMITS.imageSide + 1 }, "The option width is not valid"],
    [{ gravity: { x: 0.5, y: 0.5 } }, "The option gravity is not valid or not supported"],
    [{ background: "no colour", width: 1 }, "Unable to parse color"],
  ])("refuses %j, rather than to ignore it", async (options, message) => {
    const made = images
      .input(streamOf(await filled(4, 4)))
      .transform(options)
      .output({ format: "image/png" });
    await expect(made).rejects.toThrow(message);
  });

  test.each(["rgba", "image/tiff"])("refuses to make %s", async (format) => {
    const made = images.input(streamOf(await filled(4, 4))).output({ format });
    await expect(made).rejects.toMatchObject({ code: 9401, message: expect.stringContaining("The option format") as string });
  });

  test("a transformer makes one image", async () => {
    const input = images.input(streamOf(await filled(4, 4)));
    await input.output({ format: "image/png" });
    await expect(input.output({ format: "image/png" })).rejects.toMatchObject({ code: 9525 });
  });

  test("what is not supported at all says so", () => {
    expect(() => images.text()).toThrow("not supported by stepwell");
    expect(() => images.hosted.upload()).toThrow("not supported by stepwell");
  });
});

describe("draw", () => {
  test("an image is where its options say, after its own changes", async () => {
    const overlay = images.input(streamOf(await filled(40, 40, BLUE))).transform({ width: 10 });
    const made = await madeOf(images.input(streamOf(await filled(40, 40))).draw(overlay, { right: 0, bottom: 0 }));
    expect([await pixel(made, 29, 29), await pixel(made, 30, 30)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
  });

  test("it is in the middle otherwise, and may be half transparent, in a pattern, or beyond the edge", async () => {
    const at = async (options: object, size: number, [x, y]: [number, number]): Promise<number[]> => {
      const base = images.input(streamOf(await filled(40, 40)));
      return pixel(await madeOf(base.draw(streamOf(await filled(size, size, BLUE)), options)), x, y);
    };
    expect([await at({}, 10, [20, 20]), await at({}, 10, [2, 2])]).toEqual([
      [0, 0, 255],
      [255, 0, 0],
    ]);
    expect(await at({ opacity: 0.5 }, 10, [20, 20])).toEqual([126, 0, 128]);
    expect(await at({ repeat: true }, 10, [2, 2])).toEqual([0, 0, 255]);
    expect(await at({}, 100, [0, 0])).toEqual([0, 0, 255]);
    expect(await at({ left: 39, top: -9 }, 10, [39, 0])).toEqual([0, 0, 255]);
    expect(await at({ left: 41 }, 10, [39, 0])).toEqual([255, 0, 0]);
  });

  test("both ends of an axis are refused", async () => {
    const base = images.input(streamOf(await filled(4, 4))).draw(streamOf(await filled(4, 4)), { left: 1, right: 1 });
    await expect(base.output({ format: "image/png" })).rejects.toMatchObject({ code: 9401 });
  });
});

describe("bounds", () => {
  /** 30,000 × 30,000 pixels in some kilobytes: 2.7 GB when they are decoded. */
  function bomb(): Uint8Array {
    const side = 30_000;
    const chunk = (type: string, data: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const head = Buffer.alloc(13);
    head.writeUInt32BE(side, 0);
    head.writeUInt32BE(side, 4);
    head[8] = 1;
    const rows = deflateSync(Buffer.alloc(side * (1 + side / 8)));
    return Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      chunk("IHDR", head),
      chunk("IDAT", rows),
      chunk("IEND", Buffer.alloc(0)),
    ]);
  }

  test("a decompression bomb is refused before it is decoded, and the next image is changed", async () => {
    const bytes = bomb();
    expect(bytes.length).toBeLessThan(LIMITS.imageBytes);
    const made = images.input(streamOf(bytes, 1e6)).transform({ width: 10 }).output({ format: "image/png" });
    await expect(made).rejects.toMatchObject({ code: 9413 });
    expect(await images.info(streamOf(bytes, 1e6))).toMatchObject({ width: 30_000 });
    expect(await sizeOf(images.input(streamOf(await filled(4, 4))))).toEqual([4, 4]);
  });

  test.each([
    [4, 4, { width: LIMITS.imageSide, height: LIMITS.imageSide, fit: "squeeze" }],
    [2, 2_000, { width: LIMITS.imageSide, fit: "contain" }],
    [2, 2_000, { width: LIMITS.imageSide, fit: "cover" }],
  ])("an image of %d × %d may not be enlarged to more pixels by %j", async (width, height, options) => {
    const made = images
      .input(streamOf(await filled(width, height)))
      .transform(options)
      .output({ format: "image/png" });
    await expect(made).rejects.toMatchObject({ code: 9413 });
  });

  test("of too many bytes no more is read than may be sent", async () => {
    let pulled = 0;
    const endless = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array((pulled += 1) && 1e6)) });
    await expect(images.info(endless)).rejects.toMatchObject({ code: 9402 });
    expect(pulled).toBeLessThan(LIMITS.imageBytes / 1e6 + 5);
  });

  test("images that nothing more comes of are given up, and make room", async () => {
    const add = (): Promise<unknown> => call(processes)("add", [null, 0, new Uint8Array(1)]);
    for (let i = 0; i < LIMITS.imagesHeld; i += 1) expect(await add()).toHaveProperty("id");
    expect(await add()).toMatchObject({ failed: { code: 9522 } });
    clock.advance(LIMITS.imageIdleMs);
    expect(await add()).toHaveProperty("id");
    expect(await call(processes)("info", ["1"])).toMatchObject({ failed: { code: 9523 } });
  });

  test("images of one binding are not those of another", async () => {
    expect(await call(processes)("add", [null, 0, new Uint8Array(1)])).toEqual({ id: "1" });
    expect(await call(processes, "shop/OTHER")("info", ["1"])).toMatchObject({ failed: { code: 9523 } });
    expect(await call(processes)("info", ["1"])).toMatchObject({ failed: { code: 9412 } });
  });

  test("work that takes too long ends, with its process, and so does what waits for it", async () => {
    const own = new ImageProcesses({ clock, log: silentLog });
    const slow = {
      images: [await filled(3_000, 3_000)],
      to: { steps: [], output: { format: "image/avif", quality: 100 } },
    } as const;
    const all = Array.from({ length: LIMITS.imagesAtOnce + 1 }, () => own.run(slow));
    clock.advance(LIMITS.imageMs);
    expect(await Promise.all(all)).toMatchObject(all.map(() => ({ failed: { code: 9522 } })));
    expect(await own.run({ images: [await filled(4, 4)] })).toMatchObject({ info: { width: 4 } });
    await own.close();
    expect(await own.run({ images: [] })).toMatchObject({ failed: { message: "The server is stopping" } });
  });

  test("all images together may not have more pixels", async () => {
    const large = await sharp({ create: { width: 9_000, height: 9_000, channels: 3, background: RED } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    const base = images.input(streamOf(large, 1e6)).draw(streamOf(large, 1e6));
    await expect(base.output({ format: "image/png" })).rejects.toMatchObject({ code: 9413 });
    const grown = { width: 9_000, height: 9_000, fit: "squeeze" };
    const small = (): Transformer => images.input(streamOf(Buffer.from(tiny))).transform(grown);
    const tiny = await filled(4, 4);
    await expect(small().draw(small()).output({ format: "image/png" })).rejects.toMatchObject({ code: 9413 });
  }, 30_000);

  test("a process that takes too much memory ends", async () => {
    const lines: unknown[] = [];
    const log = { ...silentLog, warn: (...line: unknown[]) => void lines.push(line) };
    const own = new ImageProcesses({ clock, log, memoryBytes: 1 });
    const work = { images: [await filled(3_000, 3_000)], to: { steps: [], output: { format: "image/avif" } } } as const;
    expect(await own.run(work)).toMatchObject({
      failed: { code: 9523, message: expect.stringContaining("too much memory") as string },
    });
    expect(lines).toEqual([["A process that changes images has ended", { detail: "SIGKILL" }]]);
    await own.close();
  });

  test("a process that dies is one failure, which is logged with its reason", async () => {
    const lines: unknown[] = [];
    const own = new ImageProcesses({ clock, log: { ...silentLog, warn: (...line) => void lines.push(line) } });
    const work = { images: [await filled(3_000, 3_000)], to: { steps: [], output: { format: "image/avif" } } } as const;
    const running = own.run(work);
    for (const pid of own.pids) process.kill(pid, "SIGSEGV");
    expect(await running).toMatchObject({ failed: { code: 9523 } });
    expect(lines).toEqual([["A process that changes images has ended", { detail: "SIGSEGV" }]]);
    expect(await own.run({ images: [await filled(4, 4)] })).toMatchObject({ info: { width: 4 } });
    await own.close();
    expect(own.pids).toEqual([]);
  });

  test("without sharp an image is refused with what to install", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stepwell-test-"));
    const src = fileURLToPath(new URL("../../src", import.meta.url));
    await cp(join(src, "images"), join(folder, "images"), { recursive: true });
    await cp(join(src, "model"), join(folder, "model"), { recursive: true });
    const program = `const { ImageProcesses } = await import(${JSON.stringify(join(folder, "images", "processes.ts"))});
      const stay = setInterval(() => {}, 1_000);
      const clock = { now: Date.now, alarm: () => () => {} };
      const processes = new ImageProcesses({ clock, log: console });
      console.log(JSON.stringify(await processes.run({ images: [] })));
      await processes.close();
      clearInterval(stay);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    await rm(folder, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({ failed: { message: expect.stringContaining("npm install sharp") as string } });
  });
});
