/** The format of an image, by its first bytes: what is none of these never reaches a decoder. */

export type Format = "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/avif" | "image/svg+xml";

/** Of a text how much is looked at for an element `svg`. */
const TEXT_BYTES = 4_096;

const HEIF_BRANDS: ReadonlySet<string> = new Set(["avif", "avis", "mif1"]);

export function formatOf(bytes: Uint8Array): Format | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "image/gif";
  if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) return "image/webp";
  if (head.startsWith("ftyp", 4)) return HEIF_BRANDS.has(head.slice(8, 12)) ? "image/avif" : undefined;
  const text = new TextDecoder().decode(bytes.subarray(0, TEXT_BYTES)).trimStart();
  return text.startsWith("<") && /<svg[\s>]/.test(text) ? "image/svg+xml" : undefined;
}
