/** How large an upload may be; other errors of an upload are tested with the deploy API (test/api/scripts.test.ts). */
import { expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import { readUpload, type Upload } from "./upload.ts";

const read = (parts: Readonly<Record<string, File>>): Promise<Upload> => {
  const form = new FormData();
  form.set("metadata", new File(['{"main_module":"index.js"}'], "blob", { type: "application/json" }));
  form.set("index.js", new File(["1;"], "index.js", { type: "application/javascript+module" }));
  for (const [name, part] of Object.entries(parts)) form.set(name, part);
  return readUpload(form);
};

test("its modules are counted", async () => {
  const many = (count: number): Record<string, File> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, new File([""], `${i}`, { type: "text/plain" })]));
  const { code } = await read(many(LIMITS.uploadModules - 1));
  expect(code.modules).toHaveLength(LIMITS.uploadModules - 1);
  await expect(read(many(LIMITS.uploadModules))).rejects.toMatchObject({ failure: "script.too_large" });
});

test("CommonJS beside an ES module is taken", async () => {
  const part = new File(["module.exports = 1;"], "a.cjs", { type: "application/javascript" });
  expect((await read({ "a.cjs": part })).code.modules).toEqual([{ name: "a.cjs", type: "cjs", content: "module.exports = 1;" }]);
});

test("its bytes are counted over all modules and source maps", async () => {
  const sized = (size: number): Record<string, File> => ({
    "index.js.map": new File([new Uint8Array(size)], "index.js.map", { type: "application/source-map" }),
  });
  const { code } = await read(sized(LIMITS.uploadBytes - 2));
  expect(code.sourceMap).toHaveLength(LIMITS.uploadBytes - 2);
  await expect(read(sized(LIMITS.uploadBytes - 1))).rejects.toMatchObject({ failure: "script.too_large" });
});

test("two parts of one name are refused by it", async () => {
  const form = new FormData();
  form.set("metadata", '{"main_module":"index.js"}');
  for (const name of ["index.js", "a.txt", "a.txt"])
    form.append(name, new File([""], name, { type: "application/javascript+module" }));
  await expect(readUpload(form)).rejects.toMatchObject({ failure: "body", field: "a.txt" });
});
