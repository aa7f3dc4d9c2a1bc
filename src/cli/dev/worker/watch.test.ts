import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { FileWatch, type Watched } from "./watch.ts";

/** Whether the file system tells anything; how often it was asked to. */
const news = vi.hoisted(() => ({ are: true }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const watch = (...args: Parameters<typeof real.watch>): unknown => {
    if (!news.are) throw Object.assign(new Error("no space for another watch"), { code: "ENOSPC" });
    return real.watch(...args);
  };
  return { ...real, watch };
});
beforeEach(() => {
  news.are = true;
});

/** A folder with these files, and the changes that a watch of it has noticed. */
async function setUp(files: Readonly<Record<string, string>>): Promise<{
  readonly at: (path: string) => string;
  readonly write: (path: string, text: string) => Promise<void>;
  readonly watch: FileWatch;
  readonly changes: string[];
}> {
  const folder = await mkdtemp(join(tmpdir(), "stepwell-watch-"));
  const at = (path: string): string => join(folder, path);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(at(path), ".."), { recursive: true });
    await writeFile(at(path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const changes: string[] = [];
  const watch = new FileWatch(async (change) => void changes.push(change));
  onTestFinished(async () => {
    watch.close();
    await rm(folder, { recursive: true });
  });
  return { at, write, watch, changes };
}

const only = (watched: Partial<Watched>): Watched => ({ files: [], sources: [], trees: [], ...watched });
const LATER = Date.now() + 3_600_000;

test.each([true, false])("a file that is written, replaced, removed and made again is noticed (news: %s)", async (are) => {
  news.are = are;
  const { at, write, watch, changes } = await setUp({ "a.js": "1" });
  await watch.follow(only({ files: [at("a.js")] }), LATER);
  const noticed = (count: number): Promise<void> => vi.waitFor(() => expect(changes).toHaveLength(count), 10_000);
  await write("a.js", "22");
  await noticed(1);
  await write("b.js", "333");
  await rename(at("b.js"), at("a.js"));
  await noticed(2);
  await rm(at("a.js"));
  await noticed(3);
  await write("a.js", "4444");
  await noticed(4);
  expect(new Set(changes)).toEqual(new Set(["files"]));
});

test("what changed after it was begun to be read and before it was watched is noticed", async () => {
  const { at, watch, changes } = await setUp({ "a.js": "1" });
  await watch.follow(only({ files: [at("a.js")] }), 0);
  await vi.waitFor(() => expect(changes).toEqual(["files"]), 10_000);
});

test("a change between two rounds of following counts, also when the file is followed again", async () => {
  const { at, write, watch, changes } = await setUp({ "a.js": "1", "b.js": "1" });
  const watched = only({ files: [at("a.js"), at("b.js")] });
  await watch.follow(watched, LATER);
  await write("a.js", "22");
  await watch.follow(watched, LATER);
  await vi.waitFor(() => expect(changes).toEqual(["files"]), 10_000);
});

test("a folder that was removed and made again is still watched, in trees and among sources", async () => {
  const { at, write, watch, changes } = await setUp({ "src/deep/a.txt": "1", "public/.well-known/a.txt": "1" });
  await watch.follow(only({ sources: [at("src")], trees: [at("public")] }), LATER);
  const becomes = (wanted: string[]): Promise<void> => vi.waitFor(() => expect(changes).toEqual(wanted), 10_000);
  await rm(at("src"), { recursive: true });
  await becomes(["sources"]);
  await write("src/other/b.txt", "2");
  await becomes(["sources", "sources"]);
  await write("src/other/b.txt", "33");
  await becomes(["sources", "sources", "sources"]);
  await write("public/.well-known/a.txt", "22");
  await becomes(["sources", "sources", "sources", "files"]);
});

test("what is installed, and what tools keep beside the sources, is none", async () => {
  const { at, write, watch, changes } = await setUp({ "src/a.js": "1" });
  await watch.follow(only({ sources: [at("src")] }), LATER);
  await write("src/node_modules/a/index.js", "1");
  await write("src/.cache/a", "1");
  await utimes(at("src/a.js"), 1, 1);
  await vi.waitFor(() => expect(changes).toEqual(["sources"]), 10_000);
});

test("any file of the folders counts while one is missing, until the next round", async () => {
  const { at, write, watch, changes } = await setUp({ "a.js": "1" });
  const watched = only({ files: [at("a.js")] });
  await watch.follow(watched, LATER);
  await watch.followAny(LATER);
  await write("missing.js", "1");
  await vi.waitFor(() => expect(changes).toEqual(["files"]), 10_000);
  await watch.follow(watched, LATER);
  await write("missing.js", "22");
  await write("a.js", "22");
  await vi.waitFor(() => expect(changes).toEqual(["files", "files"]), 10_000);
});

test("a file that never stays as it is does not hide the changes of others", async () => {
  const { at, write, watch, changes } = await setUp({ "src/log": "", "src/a.js": "1" });
  await watch.follow(only({ sources: [at("src")] }), LATER);
  let length = 0;
  // The last write may find its folder removed.
  const writing = setInterval(() => void writeFile(at("src/log"), "x".repeat((length += 1))).catch(() => {}), 5);
  onTestFinished(() => clearInterval(writing));
  await write("src/a.js", "22");
  await vi.waitFor(() => expect(changes).toContain("sources"), 20_000);
});
