/** Small drawings for the report: axes, lines, points with whiskers. SVG text; colours are classes of the page. */

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly format?: (value: number) => string;
}

export interface PlotLine {
  /** Shown in the legend when there is one; lines of one name share an entry. */
  readonly name: string;
  /** Colour class `c0` to `c7`, or `faint`. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly width?: number;
  readonly dashed?: boolean;
}

interface PlotOptions {
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly PlotLine[];
  /** More SVG in plot coordinates, through `scale`. */
  readonly extra?: (scale: Scale) => string;
  readonly width?: number;
  /** What a screen reader says. */
  readonly alt: string;
}

/** From values to pixels. */
export interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const height = 300;
const margin = { left: 54, right: 14, top: 12, bottom: 42 } as const;

export function drawPlot(options: PlotOptions): string {
  const { x, y, lines, width = 420, extra, alt } = options;
  const legend = [
    ...new Map(lines.filter(({ name }) => name !== "").map((line) => [line.name, line])).values(),
  ];
  const top = margin.top + 17 * Math.ceil(legend.length / 2);
  const inner = { width: width - margin.left - margin.right, height: height - top - margin.bottom };
  const scale: Scale = {
    x: (value) => margin.left + ((value - x.from) / (x.to - x.from)) * inner.width,
    y: (value) => top + inner.height - ((value - y.from) / (y.to - y.from)) * inner.height,
  };
  const bottom = top + inner.height;
  const formatX = x.format ?? String;
  const formatY = y.format ?? String;
  const parts = [
    ...y.ticks.map((tick) => {
      const at = fix(scale.y(tick));
      return `<path class="grid" d="M${margin.left} ${at}H${width - margin.right}"/><text x="${margin.left - 7}" y="${at}" dy=".35em" text-anchor="end">${escapeText(formatY(tick))}</text>`;
    }),
    ...x.ticks.map((tick) => {
      const at = fix(scale.x(tick));
      return `<path class="grid" d="M${at} ${top}V${bottom}"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${escapeText(formatX(tick))}</text>`;
    }),
    `<text class="label" x="${margin.left + inner.width / 2}" y="${height - 6}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text class="label" transform="translate(13 ${top + inner.height / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.label)}</text>`,
    ...lines.map((line) => {
      const path = line.points
        .map(([px, py], index) => `${index === 0 ? "M" : "L"}${fix(scale.x(px))} ${fix(scale.y(py))}`)
        .join("");
      return `<path class="line ${line.colour}" d="${path}" stroke-width="${line.width ?? 2}"${line.dashed === true ? ' stroke-dasharray="5 4"' : ""}/>`;
    }),
    extra?.(scale) ?? "",
    ...legend.map((line, index) => {
      const left = margin.left + (index % 2) * (inner.width / 2);
      const at = 14 + 17 * Math.floor(index / 2);
      return `<path class="line ${line.colour}" d="M${fix(left)} ${at - 4}h18" stroke-width="3"/><text x="${fix(left + 23)}" y="${at}">${escapeText(line.name)}</text>`;
    }),
  ];
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(alt)}">${parts.join("")}</svg>`;
}

/** A row of a dot-and-whisker chart. */
interface Whisker {
  readonly name: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly colour: string;
}

/** Dots with their intervals, one under the other. */
export function drawWhiskers(
  rows: readonly Whisker[],
  axis: Pick<Axis, "label" | "from" | "to" | "ticks">,
  alt: string,
): string {
  const [width, left, right, step] = [720, 232, 64, 26];
  const bottom = 10 + rows.length * step;
  const height = bottom + 40;
  const x = (value: number): number =>
    left +
    ((Math.min(axis.to, Math.max(axis.from, value)) - axis.from) / (axis.to - axis.from)) *
      (width - left - right);
  const parts = [
    ...axis.ticks.map(
      (tick) =>
        `<path class="grid" d="M${fix(x(tick))} 6V${bottom}"/><text x="${fix(x(tick))}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    `<text class="label" x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(axis.label)}</text>`,
    ...rows.map((row, index) => {
      const y = 10 + (index + 0.5) * step;
      const whisker =
        row.low === null || row.high === null
          ? ""
          : `<path class="line ${row.colour}" stroke-width="2" d="M${fix(x(row.low))} ${y}H${fix(x(row.high))}"/>`;
      return `<text x="${left - 10}" y="${y}" dy=".35em" text-anchor="end">${escapeText(row.name)}</text>${whisker}<circle class="dot ${row.colour}" cx="${fix(x(row.value))}" cy="${y}" r="4.5"/><text x="${width - right + 8}" y="${y}" dy=".35em">${row.value.toFixed(3)}</text>`;
    }),
  ];
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(alt)}">${parts.join("")}</svg>`;
}

/** Text for HTML and SVG, also inside of attributes. */
export function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function fix(value: number): string {
  return value.toFixed(1);
}
