/** An SVG of figures over time: a panel a scenario, a strip a figure, each with its own scale. */
import type { Sample } from "./growth.ts";

export interface Panel {
  readonly title: string;
  readonly strips: readonly Strip[];
}

export interface Strip {
  readonly label: string;
  readonly unit: string;
  readonly samples: readonly Sample[];
}

const PANEL_WIDTH = 420;
const STRIP_HEIGHT = 46;
const TITLE_HEIGHT = 26;
const LABEL_WIDTH = 130;
const GAP = 20;
const COLUMNS = 2;

/** The whole picture. The dashed line is where the first quarter ends: from there on a figure has to be flat. */
export function chart(panels: readonly Panel[]): string {
  const rows = Array.from({ length: Math.ceil(panels.length / COLUMNS) }, (_, i) => panels.slice(i * COLUMNS, (i + 1) * COLUMNS));
  const drawn: string[] = [];
  let y = GAP;
  for (const row of rows) {
    row.forEach((panel, column) => drawn.push(drawPanel(panel, GAP + column * (PANEL_WIDTH + GAP), y)));
    y += TITLE_HEIGHT + Math.max(...row.map(({ strips }) => strips.length)) * STRIP_HEIGHT + GAP;
  }
  const width = GAP + COLUMNS * (PANEL_WIDTH + GAP);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${y}" fill="#fff"/>
${drawn.join("\n")}
</svg>
`;
}

function drawPanel({ title, strips }: Panel, x: number, y: number): string {
  const lines = strips.map((strip, i) => drawStrip(strip, TITLE_HEIGHT + i * STRIP_HEIGHT));
  return `<g transform="translate(${x} ${y})"><text y="14" font-weight="bold" font-size="13">${escape(title)}</text>\n${lines.join("\n")}</g>`;
}

function drawStrip({ label, unit, samples }: Strip, y: number): string {
  const height = STRIP_HEIGHT - 10;
  const width = PANEL_WIDTH - LABEL_WIDTH;
  const highest = Math.max(...samples.map(({ value }) => value), 1e-9);
  const end = Math.max(samples.at(-1)?.at ?? 0, 1);
  const points = samples.map(({ at, value }) => `${round((at / end) * width)},${round(height - (value / highest) * height)}`);
  const quarter = round(width / 4);
  return `<g transform="translate(0 ${y})">
<text y="12" fill="#333">${escape(label)}</text><text y="27" fill="#777">max ${escape(shown(highest))} ${escape(unit)}</text>
<g transform="translate(${LABEL_WIDTH} 0)"><rect width="${width}" height="${height}" fill="#f4f5f7"/>
<line x1="${quarter}" x2="${quarter}" y1="0" y2="${height}" stroke="#aaa" stroke-dasharray="3 3"/>
<polyline points="${points.join(" ")}" fill="none" stroke="#0b62d6" stroke-width="1.5"/></g></g>`;
}

/** A figure in about three digits. */
export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
