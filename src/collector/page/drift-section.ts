/** Drift of a day: is today like training day? PSI of every feature and score against its own calibrated threshold. */

import type { DriftLevel } from "../../core/drift/assess-drift.ts";
import type { DriftView, FeatureDriftView, PointDriftView } from "../fleet/load-drift.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { formatCount, formatName, formatShare, renderDriftLevel, turbineHref } from "./page-words.ts";

/** Features shown at once; the others stand behind a fold. */
const shownFeatures = 6;
/** Points shown at once, those that need attention first; every point is on its turbine's page. */
const shownPoints = 12;
const urgency: readonly DriftLevel[] = ["drift", "warning", "stable", "insufficient"];
/** A bar ends at this multiple of the drift threshold. */
const fullScale = 4;
/** Size of a histogram and where its bars stand, in units of its view box. */
const histogram = { width: 320, height: 96, baseline: 76, top: 8 } as const;

export function renderDrift(drift: DriftView): SafeHtml {
  const shown = [...drift.points]
    .sort((a, b) => urgency.indexOf(a.level) - urgency.indexOf(b.level) || largestRatio(b) - largestRatio(a))
    .slice(0, shownPoints);
  const body =
    drift.points.length === 0
      ? renderEmpty(
          "No drift summary has arrived for this day. Gateways send one per interval (10 minutes by default).",
        )
      : html`<p class="note">Each feature's distribution today against training day, as population stability index (PSI).
        The bar ends at ${fullScale} times the drift threshold; both ticks are calibrated for today's number of windows by resampling training day.</p>
        <div class="cards roomy">${shown.map(renderPoint)}</div>
        ${drift.points.length > shown.length ? html`<p class="note">The ${shown.length} of ${drift.points.length} points that need attention most; the others are on their turbines' pages.</p>` : null}`;
  return renderPanel({
    id: "drift",
    title: "Drift of the day",
    note: `${drift.day} (UTC)`,
    live: "live",
    body,
  });
}

/** PSI over its threshold of the most drifted feature, which stands first. */
function largestRatio({ features }: PointDriftView): number {
  const first = features[0];
  return (first?.psi ?? 0) / (first?.driftPsi ?? 1);
}

function renderPoint(point: PointDriftView): SafeHtml {
  const drifted = point.features.filter((feature) => feature.level === "drift").length;
  const warned = point.features.filter((feature) => feature.level === "warning").length;
  const rate = point.falseAlarmRate;
  const id = `drift-${point.site}-${point.turbine}-${point.component}-${point.modelDigest.slice(0, 12)}`;
  return html`<article class="card drift-card ${point.level}" aria-label="Drift of ${point.component}, turbine ${point.turbine}">
  <header>${renderDriftLevel(point.level)}
    <h3><a href="${turbineHref(point.site, point.turbine)}">${point.turbine}</a> <span class="site">${point.site}</span></h3>
    <p>${formatName(point.component)}, model ${point.modelName} ${point.modelVersion}, ${formatCount(point.windows)} windows</p>
  </header>
  ${
    point.reason === null
      ? html`<p class="why">${drifted} of ${point.features.length} features and scores drifted, ${warned} warn.
        ${rate === null ? null : `A day like training day is called drift with probability ${formatShare(rate)}, all features taken together: about ${(rate * 365).toFixed(1)} false verdicts per point and year.`}</p>
        ${renderStrip(point.features)}`
      : html`<p class="why">Not assessed: ${point.reason}.</p>`
  }
  <div class="features">${point.features.slice(0, shownFeatures).map((feature) => renderFeature(feature, id))}</div>
  ${
    point.features.length > shownFeatures
      ? html`<details id="${id}-rest"><summary>${point.features.length - shownFeatures} more features</summary>
      <div class="features">${point.features.slice(shownFeatures).map((feature) => renderFeature(feature, id))}</div></details>`
      : null
  }
</article>`;
}

/** One cell a feature, in the order of the features: the shape of a drift at a glance. */
function renderStrip(features: readonly FeatureDriftView[]): SafeHtml {
  const ordered = [...features].sort((a, b) => a.feature - b.feature);
  return html`<svg class="strip" viewBox="0 0 ${ordered.length * 10} 12" preserveAspectRatio="none" role="img" aria-label="One cell a feature, coloured by level">${ordered.map(
    (feature, index) =>
      html`<rect class="cell ${feature.level}" x="${index * 10 + 0.5}" y="0" width="9" height="12"><title>${feature.name}: ${describe(feature)}</title></rect>`,
  )}</svg>`;
}

function renderFeature(feature: FeatureDriftView, id: string): SafeHtml {
  return html`<details class="feature ${feature.level}" id="${id}-${feature.feature}">
  <summary><span class="name">${feature.name}</span>${renderBar(feature)}<span class="figure">${feature.psi === null ? "–" : formatPsi(feature.psi)}</span></summary>
  <p class="why">${describe(feature)}${feature.invalid > 0 ? `; ${formatCount(feature.invalid)} values were not finite` : ""}</p>
  ${renderHistogram(feature)}
</details>`;
}

function describe(feature: FeatureDriftView): string {
  const { psi, driftPsi, warningPsi } = feature;
  if (psi === null) return `${formatCount(feature.values)} values, no reference`;
  if (driftPsi === null || warningPsi === null)
    return `${formatCount(feature.values)} values, too few to assess`;
  return `PSI ${formatPsi(psi)}, warning from ${formatPsi(warningPsi)}, drift from ${formatPsi(driftPsi)}, ${formatCount(feature.values)} values`;
}

function renderBar({ psi, warningPsi, driftPsi }: FeatureDriftView): SafeHtml {
  if (psi === null || driftPsi === null || warningPsi === null) {
    return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect></svg>`;
  }
  const place = (value: number): string => (Math.min(1, value / driftPsi / fullScale) * 100).toFixed(2);
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="fill" width="${place(psi)}" height="8"></rect><rect class="tick warning" x="${place(warningPsi)}" width=".5" height="8"></rect><rect class="tick drift" x="${place(driftPsi)}" width=".5" height="8"></rect></svg>`;
}

function formatPsi(psi: number): string {
  return psi < 0.01 ? psi.toFixed(4) : psi < 10 ? psi.toFixed(3) : psi.toFixed(1);
}

/**
 * Two histograms over the same bins: training day as bars, today as a stepped line. Bins are equally wide: they are
 * quantiles.
 */
function renderHistogram(feature: FeatureDriftView): SafeHtml {
  const { width, height, baseline, top } = histogram;
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
