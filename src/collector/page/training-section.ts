/**
 * How like the machines of training a point is on a day: PSI of every feature and score against the bundle's own reference.
 * That is information, in grey: a machine that is unlike them may be healthy, and only its own reference says that it drifts.
 */

import { isMoved } from "../../core/drift/drift-level.ts";
import type { TrainingLikeness } from "../../core/drift/training-likeness.ts";
import type { FeatureLikenessView, LikenessView, PointLikenessView } from "../fleet/load-likeness.ts";
import { renderHistogram, toShares } from "./histogram.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { formatCount, formatName, formatShare, renderBadge } from "./page-words.ts";

/** Features shown at once; the others stand behind a fold. */
const shownFeatures = 6;
/** A bar ends at this multiple of the threshold. */
const fullScale = 4;

const levelWords: Readonly<Record<TrainingLikeness, string>> = {
  drift: "Unlike training",
  warning: "Somewhat unlike training",
  stable: "Like training",
  insufficient: "Not compared",
};

/** Renders the panel of a turbine's page; all of it stands behind a fold. */
export function renderTraining(drift: LikenessView): SafeHtml {
  const { points, day } = drift;
  const body =
    points.length === 0
      ? renderEmpty("No summary has arrived. Gateways send one per interval (10 minutes by default).")
      : html`<ul class="quiet">${points.map(({ component, level, reason }) => html`<li>${renderBadge("plain", levelWords[level])} <b>${formatName(component)}</b>${reason === null ? null : html` <span class="why">${reason}</span>`}</li>`)}</ul>
        <details id="training-figures"><summary>Feature by feature</summary>
        <p class="note">Each feature's distribution on ${day} (UTC) against the machines of training, as population stability index (PSI).
        A bar ends at ${fullScale} times what a day of training exceeds by chance; both ticks are calibrated for the day's number of windows by resampling.</p>
        <div class="cards roomy">${points.map(renderPoint)}</div></details>`;
  const note = "information, no alarm: a healthy machine may be unlike those that a model was trained on";
  return renderPanel({ id: "training", title: "Likeness to training", note, live: "live", body });
}

function renderPoint(point: PointLikenessView): SafeHtml {
  const unlike = point.features.filter(({ level }) => isMoved(level)).length;
  const rate = point.falseAlarmRate;
  const id = `training-${point.component}-${point.modelDigest.slice(0, 12)}`;
  return html`<article class="card" aria-label="Likeness of ${point.component} to training">
  <header>${renderBadge("plain", levelWords[point.level])}
    <h3>${formatName(point.component)}</h3>
    <p>Model ${point.modelName} ${point.modelVersion}, ${formatCount(point.windows)} windows</p>
  </header>
  ${
    point.reason === null
      ? html`<p class="why">${unlike} of ${point.features.length} features and scores are unlike training.
        ${rate === null ? null : `A day of training itself is called unlike it with probability ${formatShare(rate)}, all features taken together.`}</p>
        ${renderStrip(point.features)}`
      : html`<p class="why">Not compared: ${point.reason}.</p>`
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
function renderStrip(features: readonly FeatureLikenessView[]): SafeHtml {
  const ordered = [...features].sort((a, b) => a.feature - b.feature);
  return html`<svg class="strip" viewBox="0 0 ${ordered.length * 10} 12" preserveAspectRatio="none" role="img" aria-label="One cell a feature, dark where it is unlike training">${ordered.map(
    (feature, index) =>
      html`<rect class="cell ${isMoved(feature.level) ? "unlike" : feature.level}" x="${index * 10 + 0.5}" y="0" width="9" height="12"><title>${feature.name}: ${describe(feature)}</title></rect>`,
  )}</svg>`;
}

function renderFeature(feature: FeatureLikenessView, id: string): SafeHtml {
  return html`<details class="feature ${isMoved(feature.level) ? "unlike" : feature.level}" id="${id}-${feature.feature}">
  <summary><span class="name">${feature.name}</span>${renderBar(feature)}<span class="figure">${feature.psi === null ? "–" : formatPsi(feature.psi)}</span></summary>
  <p class="why">${describe(feature)}${feature.invalid > 0 ? `; ${formatCount(feature.invalid)} values were not finite` : ""}</p>
  ${
    feature.edges.length === 0
      ? null
      : renderHistogram({
          name: feature.name,
          edges: feature.edges,
          reference: toShares(feature.referenceCounts),
          current: toShares(feature.counts),
          words: { reference: "training", current: "today" },
        })
  }
</details>`;
}

function describe(feature: FeatureLikenessView): string {
  const { psi, driftPsi, warningPsi } = feature;
  if (psi === null) return `${formatCount(feature.values)} values, no reference`;
  if (driftPsi === null || warningPsi === null)
    return `${formatCount(feature.values)} values, too few to assess`;
  return `PSI ${formatPsi(psi)}, somewhat unlike from ${formatPsi(warningPsi)}, unlike from ${formatPsi(driftPsi)}, ${formatCount(feature.values)} values`;
}

function renderBar({ psi, warningPsi, driftPsi }: FeatureLikenessView): SafeHtml {
  if (psi === null || driftPsi === null || warningPsi === null) {
    return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect></svg>`;
  }
  const place = (value: number): string => (Math.min(1, value / driftPsi / fullScale) * 100).toFixed(2);
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="fill" width="${place(psi)}" height="8"></rect><rect class="tick warning" x="${place(warningPsi)}" width=".5" height="8"></rect><rect class="tick drift" x="${place(driftPsi)}" width=".5" height="8"></rect></svg>`;
}

function formatPsi(psi: number): string {
  return psi < 0.01 ? psi.toFixed(4) : psi < 10 ? psi.toFixed(3) : psi.toFixed(1);
}
