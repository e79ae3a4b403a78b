/** What a recipe gives to the report of a run: plain data and finished drawings. The page itself is nobody's but the factory's. */
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import type { Figure } from "../judge/figure.ts";
import type { DenseLayer } from "../learn/dense-network.ts";

/** One contender of the great shrink. */
export interface ReportStep {
  readonly name: string;
  readonly title: string;
  /** Null for scores that are no network. */
  readonly parameters: number | null;
  readonly multiplyAdds: number | null;
  readonly bytes: number | null;
  /** One a column of {@link ReportParts.stepColumns}. */
  readonly figures: readonly Figure[];
  /** What is timed: networks that run one after the other on a window, or the integers. Left out: not timed. */
  readonly timed?: readonly (readonly DenseLayer[])[] | QuantisedMlp;
}

/** A drawing: SVG without script that uses `currentColor` and the page's colour classes. */
export interface ReportPlot {
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
}

/** A table; cells are text. */
export interface ReportTable {
  readonly title: string;
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A table as lines of Markdown. */
export function renderMarkdownTable({ head, rows }: Pick<ReportTable, "head" | "rows">): string[] {
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
}

/** A table with its title and caption, an empty line at the end. */
export function renderMarkdownSection(table: ReportTable): string[] {
  return [`### ${table.title}`, "", table.caption, "", ...renderMarkdownTable(table), ""];
}

export interface ReportParts {
  /** What the figures of the steps are, for example `macro AUROC, held-out bearings`. */
  readonly stepColumns: readonly string[];
  readonly steps: readonly ReportStep[];
  /** Sentences generated from the figures. */
  readonly findings: readonly string[];
  readonly plots: readonly ReportPlot[];
  readonly tables: readonly ReportTable[];
  /** Every look at test data, in words; stands before the configuration's notes. */
  readonly looks?: readonly string[];
}
