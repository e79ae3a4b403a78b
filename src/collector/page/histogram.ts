/** Two distributions over the same bins as a small figure: one as bars, one as a stepped line. */
import { formatThree } from "../../core/drift/drift-words.ts";
import { html, type SafeHtml } from "./html.ts";

/** Size and where the bars stand, in units of the view box. */
const frame = { width: 320, height: 96, baseline: 76, top: 8 } as const;

/** Renders shares of values in each bin. Bins are drawn equally wide: they are quantiles. */
export function renderHistogram(figure: {
  readonly name: string;
  /** Interior edges; none: they are not known. */
  readonly edges: readonly number[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
  /** What the two are, for example "training day" and "today". */
  readonly words: { readonly reference: string; readonly current: string };
}): SafeHtml {
  const { name, edges, reference, current, words } = figure;
  const { width, height, baseline, top } = frame;
  const highest = Math.max(1e-9, ...current, ...reference);
  const step = width / current.length;
  const y = (share: number): string => (baseline - (share / highest) * (baseline - top)).toFixed(1);
  const line = current
    .map(
      (share, bin) =>
        `${bin === 0 ? "M" : "L"}${(bin * step).toFixed(1)} ${y(share)}H${((bin + 1) * step).toFixed(1)}`,
    )
    .join("");
  // One path for all bars: there are dozens of these figures on a page.
  const bars = reference
    .map(
      (share, bin) =>
        `M${(bin * step + 1).toFixed(1)} ${baseline}V${y(share)}h${(step - 2).toFixed(1)}V${baseline}`,
    )
    .join("");
  const labelled = edges.length === 0 ? [] : edges.length < 5 ? [0, edges.length - 1] : thirds(edges.length);
  return html`<figure class="histogram"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Share of values in each bin of ${name}, ${words.reference} and ${words.current}">
  <path class="reference" d="${bars}"></path>
  <path class="today" d="${line}"></path>
  <line class="axis" x1="0" x2="${width}" y1="${baseline}" y2="${baseline}"></line>
  ${labelled.map((edge) => html`<text x="${((edge + 1) * step).toFixed(1)}" y="${height - 6}" text-anchor="middle">${formatThree(edges[edge]!)}</text>`)}
</svg><figcaption><span class="key reference"></span> ${words.reference} <span class="key today"></span> ${words.current} · share of values per bin; highest ${(highest * 100).toFixed(0)} %</figcaption></figure>`;
}

/** First, middle and last. */
function thirds(length: number): readonly number[] {
  return [0, Math.floor(length / 2), length - 1];
}

/** Counts as shares of their sum; 0 where nothing was counted. */
export function toShares(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}
