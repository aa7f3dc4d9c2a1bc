import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSealed, REDACTED, toJson, toLogText } from "../model/values/value.ts";
import type { Place } from "../ports/vault.ts";
import { noVault } from "../noop/vault.ts";
import { aesVault } from "./aes.ts";
import { parseKeys, type Key } from "./keys.ts";
import { keysOf, openVault } from "./open.ts";

const key = (): Key => parseKeys(randomBytes(32).toString("base64"), "test")[0];

const word = fc.string({ maxLength: 12 });
const place: fc.Arbitrary<Place> = fc.record({ workflow: word, instance: word, step: word });

const refused = (failure: string): unknown => expect.objectContaining({ failure });

describe("sealing", () => {
  const vault = aesVault([key()]);

  test("what is sealed can be opened in its place, and says nothing until then", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), place, (value, at) => {
        const sealed = vault.seal(value, at);
        expect(isSealed(sealed)).toBe(true);
        expect([toJson(sealed), toLogText(sealed)]).toEqual([REDACTED, JSON.stringify(REDACTED)]);
        // A lone surrogate has no UTF-8, and no value that is stored contains one unescaped.
        expect(vault.open(sealed, at)).toBe(value.toWellFormed());
      }),
    );
  });

  test("pieces come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), place, fc.nat(), (bytes, at, number) => {
        expect(new Uint8Array(vault.openBytes(vault.sealBytes(bytes, at, number), at, number))).toEqual(bytes);
      }),
    );
  });

  test("any changed bit is refused", () => {
    const at = { workflow: "w", instance: "i", step: "do 1 s" };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, chance) => {
        const sealed = vault.sealBytes(bytes, at, 0);
        const bit = chance % (sealed.length * 8);
        sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => vault.openBytes(sealed, at, 0)).toThrow(/vault\.(damaged|key_missing)/);
      }),
      { numRuns: 500 },
    );
  });

  test("any changed letter is refused, and any that is missing", () => {
    const at = { workflow: "w", instance: "i", step: "do 1 s" };
    const sealed = vault.seal('"secret"', at);
    for (let i = 0; i < sealed.length; i += 1) {
      for (const letter of ["A", "B", "z", "="]) {
        if (sealed[i] === letter) continue;
        expect(() => vault.open(sealed.slice(0, i) + letter + sealed.slice(i + 1), at)).toThrow(/vault\.(damaged|key_missing)/);
      }
      expect(() => vault.open(sealed.slice(0, i), at)).toThrow(/vault\.(damaged|key_missing)/);
    }
  });

  test("no other place opens it", () => {
    fc.assert(
      fc.property(place, place, fc.nat(9), fc.nat(9), (one, other, m, n) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        fc.pre(!same || m !== n);
        if (!same) expect(() => vault.open(vault.seal("1", one), other)).toThrow(refused("vault.damaged"));
        expect(() => vault.openBytes(vault.sealBytes(Uint8Array.of(1), one, m), other, n)).toThrow(refused("vault.damaged"));
      }),
    );
  });

  test("the same value never looks the same twice", () => {
    const at = { workflow: "w", instance: "i", step: "do 1 s" };
    expect(vault.seal("1", at)).not.toBe(vault.seal("1", at));
  });
});

describe("keys", () => {
  const at = { workflow: "w", instance: "i", step: "do 1 s" };

  test("the first seals, all open, and a missing one is named", () => {
    const [old, fresh] = [key(), key()];
    const before = aesVault([old]).seal("1", at);
    const rotated = aesVault([fresh, old]);
    expect(rotated.open(before, at)).toBe("1");
    const after = rotated.seal("2", at);
    expect(aesVault([fresh]).open(after, at)).toBe("2");
    expect(() => aesVault([fresh]).open(before, at)).toThrow(
      expect.objectContaining({ failure: "vault.key_missing", detail: expect.stringContaining(old.id) as string }),
    );
    expect(() => noVault.open(before, at)).toThrow(refused("vault.key_missing"));
  });

  test("are read in base64, base64url and hex, with remarks between them", () => {
    const bytes = randomBytes(32);
    const forms = ["base64", "base64url", "hex"] as const;
    const keys = parseKeys(`# ours\n${forms.map((form) => bytes.toString(form)).join(", # the same\n")}`, "test");
    expect(keys.map((each) => Buffer.from(each.bytes).equals(bytes))).toEqual([true, true, true]);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  });

  test.each(["", "# nothing", "short", randomBytes(31).toString("base64"), randomBytes(33).toString("hex"), "ü".repeat(44)])(
    "%j is no key, and is not repeated",
    (text) => {
      expect(() => parseKeys(text, "STEPWELL_KEY")).toThrow(
        expect.objectContaining({ failure: "vault.key_invalid", field: "STEPWELL_KEY" }),
      );
      if (text !== "") expect(() => parseKeys(text, "STEPWELL_KEY")).not.toThrow(text);
    },
  );
});

describe("where keys are from", () => {
  const at = { workflow: "w", instance: "i", step: "do 1 s" };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stepwell-vault-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("a key file is made once, for its owner alone", async () => {
    const file = join(folder, "k.key");
    const sealed = (await openVault([], file)).seal("1", at);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, "utf8");
    expect((await openVault([], file)).open(sealed, at)).toBe("1");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test("keys that are given go first, and the file goes on opening what it sealed", async () => {
    const file = join(folder, "k.key");
    const before = (await openVault([], file)).seal("1", at);
    const given = key();
    const vault = await openVault([given], file);
    expect(vault.open(before, at)).toBe("1");
    expect(aesVault([given]).open(vault.seal("2", at), at)).toBe("2");
  });

  test("with keys that are given no file is made", async () => {
    await openVault([key()], join(folder, "k.key"));
    await expect(stat(join(folder, "k.key"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("a file that holds no key is not replaced", async () => {
    const file = join(folder, "k.key");
    await writeFile(file, "");
    await expect(openVault([], file)).rejects.toMatchObject({ failure: "vault.key_invalid", field: file });
    expect(await readFile(file, "utf8")).toBe("");
  });

  test("the environment gives them as text or as a file, not as both", async () => {
    const text = randomBytes(32).toString("hex");
    const file = join(folder, "given");
    await writeFile(file, text);
    expect(await keysOf({})).toEqual([]);
    expect(await keysOf({ STEPWELL_KEY_FILE: file })).toEqual(await keysOf({ STEPWELL_KEY: text }));
    await expect(keysOf({ STEPWELL_KEY: text, STEPWELL_KEY_FILE: file })).rejects.toMatchObject({ failure: "vault.key_invalid" });
    await expect(keysOf({ STEPWELL_KEY_FILE: join(folder, "none") })).rejects.toMatchObject({
      failure: "vault.key_invalid",
      field: "STEPWELL_KEY_FILE",
    });
  });
});
