/** Streams of bytes from and to base64. */

const DIGITS = 4;
const BYTES = 3;

/** How many bytes are made a text of at once: arguments of a call are limited. */
const AT_ONCE = 8_190;

/** From the bytes of a text in base64 to those that it stands for. */
export function fromBase64(): TransformStream<Uint8Array, Uint8Array> {
  let rest = "";
  const decoder = new TextDecoder();
  return new TransformStream({
    transform: (chunk, out) => {
      const text = rest + decoder.decode(chunk, { stream: true }).replaceAll(/\s/g, "");
      const whole = text.length - (text.length % DIGITS);
      rest = text.slice(whole);
      if (whole > 0) out.enqueue(bytes(text.slice(0, whole)));
    },
    flush: (out) => {
      if (rest !== "") out.enqueue(bytes(rest));
    },
  });
}

/** From bytes to those of their text in base64. */
export function toBase64(): TransformStream<Uint8Array, Uint8Array> {
  let rest = new Uint8Array();
  const encoder = new TextEncoder();
  return new TransformStream({
    transform: (chunk, out) => {
      const all = new Uint8Array(rest.length + chunk.length);
      all.set(rest);
      all.set(chunk, rest.length);
      const whole = all.length - (all.length % BYTES);
      rest = all.slice(whole);
      if (whole > 0) out.enqueue(encoder.encode(text(all.subarray(0, whole))));
    },
    flush: (out) => {
      if (rest.length > 0) out.enqueue(encoder.encode(text(rest)));
    },
  });
}

function bytes(digits: string): Uint8Array {
  return Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
}

function text(given: Uint8Array): string {
  let encoded = "";
  for (let at = 0; at < given.length; at += AT_ONCE) encoded += btoa(String.fromCharCode(...given.subarray(at, at + AT_ONCE)));
  return encoded;
}
