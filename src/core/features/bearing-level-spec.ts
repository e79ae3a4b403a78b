/**
 * The levels of the bearing bundle, for baselines and severity: octave-wide and wider bands that exist at every
 * accepted sampling rate, one above them where the rate allows, and the peak of all that impacts excite.
 */
import { type FeatureSpec, featuresCatalogueVersion } from "../contract/bundle/feature-spec.ts";

const bands = [
  { name: "low", fromHz: 100, toHz: 500 },
  { name: "middle", fromHz: 500, toHz: 1500 },
  { name: "high", fromHz: 1500, toHz: 4500 },
  // Nothing is said of it below a sampling rate of 22.2 kHz.
  { name: "top", fromHz: 4500, toHz: 10_000 },
  { name: "impact", fromHz: 500, toHz: 4500 },
] as const;

/** Names of the levels: `low.rms`, `middle.rms`, `high.rms`, `top.rms`, `impact.peak`. */
export const bearingLevelSpec: FeatureSpec = {
  catalogueVersion: featuresCatalogueVersion,
  chains: bands.map(({ name, fromHz, toHz }) => ({ name, kind: "band-level", params: { fromHz, toHz } })),
  list: bands.map(({ name }) => ({
    name: name === "impact" ? "impact.peak" : `${name}.rms`,
    operator: name === "impact" ? "peak-db" : "rms-db",
    chain: name,
    params: {},
    group: "level",
  })),
};
