/** The form in which values are shown: JSON, with a note where JSON has no word, and never much larger than a value may be. */
import { LIMITS } from "../limits.ts";
import { CALL_DEPTH } from "./depth.ts";

/** What stands where a value is too deep to be shown: it was stored by a version that had no limit. */
export const TOO_DEEP: string = `[Nested deeper than ${LIMITS.valueDepth} levels]`;

/** What stands where there is more of a value than is shown: parts that come again and again, or holes. */
const TOO_LARGE = "[Larger than can be shown]";

/**
 * What it costs to show a container, one that has been shown before, and an item of an array, in characters. What a value may
 * have of its own always fits.
 */
const CONTAINER_COST = 16;
const REPEAT_COST = 256;
const ITEM_COST = 4;

/** To write a number with more digits in decimals takes more time than it is worth. */
const LONG_DIGITS = 10_000;
const LONG_BITS = 33_219n;
const LONG_NOTE = `[BigInt(more than ${LONG_DIGITS} digits)]`;

/** The JSON form of a value that `decode` made; of a long one only the first `wanted` characters need be right. */
export function jsonForm(value: unknown, wanted: number): unknown {
  return formOf(value, { above: new Set(), shown: new Set(), left: LIMITS.valueText, wanted });
}

/** Where the JSON form has got to. What a short text names many times is large, or endless, when it is written out. */
interface Showing {
  readonly above: Set<object>;
  /** Containers that have been shown, or are being. */
  readonly shown: Set<object>;
  /** How many characters more are shown, roughly. */
  left: number;
  /** Characters to come before the rest may be left out. Each item and property is counted as one, at least. */
  wanted: number;
}

/** True when so many characters more can be shown. */
function spend(showing: Showing, characters: number): boolean {
  if (characters > showing.left) return false;
  showing.left -= characters;
  return true;
}

function formOf(value: unknown, showing: Showing): unknown {
  switch (typeof value) {
    case "bigint":
      return bigintForm(value, showing);
    case "number":
      return Number.isFinite(value) ? value : null;
    case "string":
      return spend(showing, value.length) ? value : TOO_LARGE;
    case "object":
      return value === null ? null : jsonObject(value, showing);
    default:
      return value;
  }
}

/** What its digits cost is known before they are written: it may be one that comes again and again. */
function bigintForm(value: bigint, showing: Showing): string {
  const near = Math.abs(Number(value));
  if (!Number.isFinite(near) && isLong(value)) return spend(showing, LONG_NOTE.length) ? LONG_NOTE : TOO_LARGE;
  const digits = Number.isFinite(near) ? Math.ceil(Math.log10(near + 1)) + 1 : LONG_DIGITS;
  return spend(showing, digits) ? `[BigInt(${value})]` : TOO_LARGE;
}

function isLong(value: bigint): boolean {
  const most = 1n << LONG_BITS;
  return value > most || value < -most;
}

function jsonItems(array: readonly unknown[], showing: Showing): unknown[] {
  const form: unknown[] = [];
  for (let i = 0; i < array.length && showing.wanted >= 0; i += 1) {
    showing.wanted -= 1;
    form.push(formOf(array[i], showing) ?? null);
  }
  return form;
}

/** A value may be hundreds of thousands of small objects: a list of the properties of each would take longer than all else. */
function jsonProperties(value: object, showing: Showing): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (showing.wanted < 0) break;
    if (!spend(showing, key.length + 1)) continue;
    const item = formOf((value as Record<string, unknown>)[key], showing);
    if (item === undefined) continue;
    showing.wanted -= 1;
    if (key === "__proto__") Object.defineProperty(form, key, { value: item, enumerable: true });
    else form[key] = item;
  }
  return form;
}

function jsonObject(value: object, showing: Showing): unknown {
  const { above } = showing;
  if (above.has(value)) return "[Circular]";
  // What a patch leads to may be deeper than its text.
  if (above.size > CALL_DEPTH) return TOO_DEEP;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name}(${value.byteLength} bytes)]`;
  if (value instanceof ArrayBuffer) return `[ArrayBuffer(${value.byteLength} bytes)]`;
  const cost = showing.shown.has(value) ? REPEAT_COST : CONTAINER_COST;
  if (!spend(showing, cost + (Array.isArray(value) ? ITEM_COST * value.length : 0))) return TOO_LARGE;
  above.add(value);
  showing.shown.add(value);
  const form = Array.isArray(value) ? jsonItems(value, showing) : jsonProperties(value, showing);
  above.delete(value);
  return form;
}
