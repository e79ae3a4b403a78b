/** How loud a turbine's components are against their own healthy past, and how far that past is known. */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import { formatCount, formatName } from "./format-words.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderPanel } from "./page-layout.ts";

type Baseline = NonNullable<TurbineState["baselines"]>[number];

/** The section, or nothing for a turbine whose models know no baselines. */
export function renderBaselines(state: TurbineState | null | undefined): SafeHtml | null {
  const baselines = state?.baselines ?? [];
  if (baselines.length === 0) return null;
  const body = html`<table><thead><tr><th scope="col">Component</th><th scope="col">Healthy baseline</th><th scope="col" class="number">Severity</th></tr></thead>
  <tbody>${baselines.map((baseline) => html`<tr><th scope="row">${formatName(baseline.component)}</th><td>${describe(baseline)}</td><td class="number">${formatSeverity(baseline.severityDb)}</td></tr>`)}</tbody></table>
<p class="note">Severity is in decibels above the component's own healthy level: 0 as when it was new, 6 twice the amplitude.</p>`;
  return renderPanel({ id: "baselines", title: "Condition", live: "live", body });
}

/** `+6.2 dB`; a dash where it is not known. */
export function formatSeverity(severityDb: number | null | undefined): string {
  if (severityDb === null || severityDb === undefined) return "–";
  // A minus sign, not a hyphen; and no "−0.0".
  const size = Math.abs(severityDb).toFixed(1);
  return `${size === "0.0" ? "" : severityDb < 0 ? "−" : "+"}${size} dB`;
}

function describe({ state, version, windows, suspicions }: Baseline): SafeHtml {
  const words =
    state === "ready"
      ? `version ${version}, of ${formatCount(windows)} windows`
      : `being learnt, ${formatCount(windows)} windows so far`;
  return suspicions.length === 0
    ? html`${words}`
    : html`${words} <span class="why">perhaps not healthy then: ${suspicions.join("; ")}</span>`;
}
