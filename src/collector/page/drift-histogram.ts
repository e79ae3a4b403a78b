/** Two histograms over the same bins: training day as bars, today as a stepped line. Bins are equally wide: they are quantiles. */
import type { FeatureDriftView } from "../fleet/drift-view.ts";
import { html, type SafeHtml } from "./html.ts";

const width = 320;
const height = 96;
const baseline = 76;
const top = 8;

/** Renders the figure of one feature. */
export function renderHistogram(feature: FeatureDriftView): SafeHtml {
  const today = toShares(feature.counts);
  const reference = toShares(feature.referenceCounts);
  const bins = today.length;
  const highest = Math.max(1e-9, ...today, ...reference);
  const step = width / bins;
  const y = (share: number): string => (baseline - (share / highest) * (baseline - top)).toFixed(1);
  const path = today
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
  const { edges } = feature;
  return html`<figure class="histogram"><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Share of values in each bin of ${feature.name}, training day and today">
  <path class="reference" d="${bars}"></path>
  <path class="today" d="${path}"></path>
  <line class="axis" x1="0" x2="${width}" y1="${baseline}" y2="${baseline}"></line>
  ${edges.length === 0 ? null : html`<text x="${step.toFixed(1)}" y="${height - 6}" text-anchor="middle">${formatEdge(edges[0]!)}</text><text x="${(width - step).toFixed(1)}" y="${height - 6}" text-anchor="middle">${formatEdge(edges.at(-1)!)}</text>`}
  ${edges.length < 5 ? null : html`<text x="${((Math.floor(edges.length / 2) + 1) * step).toFixed(1)}" y="${height - 6}" text-anchor="middle">${formatEdge(edges[Math.floor(edges.length / 2)]!)}</text>`}
</svg><figcaption><span class="key reference"></span> training day <span class="key today"></span> today · share of windows per bin, bins are quantiles of training day; highest ${(highest * 100).toFixed(0)} %</figcaption></figure>`;
}

function toShares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (total === 0 ? 0 : count / total));
}

function formatEdge(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e4 || size < 1e-2 ? value.toExponential(1) : value.toPrecision(3);
}
