/** `report.html`: what a run of training made, whether each step was worth it, and how sure that is. */
import { toWords } from "../../core/contract/to-words.ts";
import type { GateCheck } from "../gate/gate-check.ts";
import { type Figure, formatFigure } from "../judge/figure.ts";

import type { ReportPlot, ReportStep, ReportTable } from "./report-parts.ts";
import { reportStyle } from "./report-style.ts";
import { drawWhiskers, escapeText } from "./svg-plot.ts";

/** Median microseconds a window; null where it does not run so. */
export interface StepLatency {
  /** In plain TypeScript: floats for float networks, integers for int8. */
  readonly typescript: number | null;
  /** In ONNX Runtime, the way a gateway runs int8. */
  readonly onnx: number | null;
}

/** A step with what it took. */
export type TimedStep = Omit<ReportStep, "timed"> & { readonly latency: StepLatency };

/** The report as data: `report.json`. */
export interface TrainingReport {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly title: string;
  /** Of the manifest. */
  readonly digest: string;
  readonly summary: readonly string[];
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly stepColumns: readonly string[];
  readonly steps: readonly TimedStep[];
  readonly findings: readonly string[];
  readonly tables: readonly ReportTable[];
  readonly plots: readonly ReportPlot[];
  /** Empty when the gate was not asked. */
  readonly checks: readonly GateCheck[];
  readonly lineage: Readonly<Record<string, string>>;
  readonly limitations: readonly string[];
  readonly notes: readonly string[];
  /** What the steps took, in their sequence. */
  readonly log: readonly string[];
}

/** The page; self-contained. */
export function renderReport(report: TrainingReport): string {
  // What the summary says above stands there once.
  const findings = report.findings.filter((line) => !report.summary.includes(line));
  const body = [
    `<h1>${escapeText(report.title)} ${escapeText(report.version)}</h1>`,
    `<p class="soft"><code>${escapeText(report.name)}@${escapeText(report.version)}</code> · manifest <code>${escapeText(report.digest)}</code></p>`,
    ...report.summary.map((line) => `<p>${escapeText(line)}</p>`),
    renderTiles(report.metrics),
    ...(report.steps.length === 0 ? [] : [renderSteps(report)]),
    ...(findings.length === 0 ? [] : [`<h2>What the figures say</h2>${renderList(findings)}`]),
    ...(report.plots.length === 0
      ? []
      : [`<h2>Plots</h2><div class="plots">${report.plots.map((plot) => renderPlot(plot)).join("")}</div>`]),
    ...report.tables.map(
      (table) => `<h2>${escapeText(table.title)}</h2>${renderTable(table.caption, table.head, table.rows)}`,
    ),
    ...(report.checks.length === 0 ? [] : [renderChecks(report.checks)]),
    ...(report.limitations.length === 0 ? [] : [`<h2>Limits</h2>${renderList(report.limitations)}`]),
    ...(report.notes.length === 0
      ? []
      : [`<h2>Looks at the test data, and notes</h2>${renderList(report.notes)}`]),
    `<h2>Made from</h2>${renderTable("", ["what", "value"], Object.entries(report.lineage))}`,
    `<h2>The run</h2>${renderList(report.log)}`,
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(report.name)} ${escapeText(report.version)}: training report</title><style>${reportStyle}</style></head>
<body><main>
${body.join("\n")}
</main></body></html>
`;
}

function renderTiles(metrics: TrainingReport["metrics"]): string {
  const tiles = Object.entries(metrics).map(([name, figure]) => {
    const digits = Math.abs(figure.value) >= 100 ? 0 : 3;
    const interval =
      figure.low === null || figure.high === null
        ? "no interval"
        : `${formatNumber(figure.low, digits)} to ${formatNumber(figure.high, digits)}`;
    return `<div class="tile"><span class="soft">${escapeText(spellOut(name))}</span><b>${formatNumber(figure.value, digits)}</b><span class="soft">${interval}</span></div>`;
  });
  return `<div class="tiles">${tiles.join("")}</div>`;
}

function renderSteps({ steps, stepColumns }: TrainingReport): string {
  const number = (value: number | null, digits = 0): string =>
    value === null ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits });
  const rows = steps.map((step) => {
    const cells = [
      step.title,
      number(step.bytes),
      number(step.parameters),
      number(step.multiplyAdds),
      number(step.latency.typescript, 2),
      number(step.latency.onnx, 2),
      ...step.figures.map((figure) => formatFigure(figure)),
    ];
    return `<tr${step.name === "int8" ? ' class="chosen"' : ""}>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join("")}</tr>`;
  });
  const head = [
    "",
    "bytes",
    "parameters",
    "multiply-adds",
    "µs TypeScript",
    "µs ONNX Runtime",
    ...stepColumns,
  ];
  const charts = stepColumns.map((label, column) => {
    const values = steps.map((step) => step.figures[column]!);
    const ends = values.flatMap((figure) => [figure.low ?? figure.value, figure.high ?? figure.value]);
    const { from, to, ticks } = chooseTicks(Math.min(...ends), Math.max(...ends));
    const rowsOf = steps.map((step) => ({
      name: step.title,
      colour: step.name === "int8" ? "c1" : "c0",
      ...step.figures[column]!,
    }));
    const svg = drawWhiskers(rowsOf, { label, from, to, ticks }, label);
    return renderPlot(
      { title: label, caption: "Dots are the figures, lines their 95 % intervals.", svg },
      true,
    );
  });
  return `<h2>The great shrink, step by step</h2>
<p class="soft">Bytes are those of the ONNX file for int8 and four a parameter for float networks. Microseconds are medians of one window on the machine that trained. Intervals resample whole units (a bearing, a turbine's week), of which there are few: they are rather too narrow than too wide.</p>
<div class="scroll"><table><thead><tr>${head.map((cell) => `<th>${escapeText(cell)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>
<div class="plots">${charts.join("")}</div>`;
}

function renderChecks(checks: readonly GateCheck[]): string {
  const rows = checks.map(
    ({ name, outcome, words }) =>
      `<tr><td>${escapeText(spellOut(name))}</td><td class="${outcome}">${outcome}</td><td class="words">${escapeText(words)}</td></tr>`,
  );
  return `<h2>The gate</h2><div class="scroll"><table><tbody>${rows.join("")}</tbody></table></div>`;
}

function renderTable(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell =
    (tag: "th" | "td") =>
    (text: string): string =>
      `<${tag}>${escapeText(text)}</${tag}>`;
  const words = caption === "" ? "" : `<p class="soft">${escapeText(caption)}</p>`;
  return `${words}<div class="scroll"><table><thead><tr>${head.map(cell("th")).join("")}</tr></thead><tbody>${rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("")}</tbody></table></div>`;
}

function renderPlot({ title, caption, svg }: ReportPlot, wide = false): string {
  return `<figure${wide ? ' class="wide"' : ""}><h3>${escapeText(title)}</h3>${svg}<figcaption>${escapeText(caption)}</figcaption></figure>`;
}

function renderList(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escapeText(line)}</li>`).join("")}</ul>`;
}

function spellOut(name: string): string {
  return toWords(name)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/\b(?:au(?:ro)?c|eur|mae|rmse|nasa)\b/g, (word) => word.toUpperCase());
}

function formatNumber(value: number, digits: number): string {
  if (Number.isNaN(value)) return "–";
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** About five round ticks around a range. */
export function chooseTicks(low: number, high: number): { from: number; to: number; ticks: number[] } {
  const span = Math.max(high - low, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => span / each <= 6)!;
  const from = Math.floor(low / step) * step;
  const to = Math.ceil(high / step) * step;
  const count = Math.max(1, Math.round((to - from) / step));
  // Ten digits: without the dust that multiples of 0.05 carry.
  const ticks = Array.from({ length: count + 1 }, (_, index) =>
    Number((from + index * step).toPrecision(10)),
  );
  return { from: ticks[0]!, to: ticks.at(-1)!, ticks };
}
