/** Icons, in the colour of the text. A button with an icon only has an accessible name. */

const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14",
  menu: "M2 4h12M2 8h12M2 12h12",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  system: "M2 3h12v8H2ZM6 14h4M8 11v3",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.5V8l2.5 1.5",
  out: "M6.5 3H3v10h10V9.5M9 3h4v4M13 3 7.5 8.5",
  close: "m4 4 8 8M12 4l-8 8",
  right: "m6 3 5 5-5 5",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  done: "m3 8.5 3.5 3.5L13 4.5",
  failed: "M8 4v5M8 12h.01",
} as const;

interface IconProps {
  readonly name: keyof typeof PATHS;
  /** Its size, too, when it is not the usual one. */
  readonly className?: string;
}

export function Icon({ name, className = "" }: IconProps) {
  return (
    <svg
      aria-hidden
      viewBox="0 0 16 16"
      className={`${className.includes("size-") ? "" : "size-4"} shrink-0 fill-none stroke-current ${className}`}
      strokeWidth={name === "more" ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
