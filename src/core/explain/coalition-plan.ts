/**
 * Plans the model runs of one explanation: for every coalition of groups, the window's values of the groups inside
 * and each background row's values of the groups outside (interventional Shapley values: Lundberg & Lee 2017,
 * Janzing et al. 2020). Runs no model.
 *
 * Rows: for coalition 0 (nobody) … 2^g − 2, all background rows in order; last, the window itself, once, because with
 * everybody inside the background does not matter.
 */

import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { ExplanationBackground } from "./background.ts";

/** Largest number of groups: 2^12 coalitions. */
const maxGroups = 12;

/** The players of an explanation: which sensor group each feature belongs to. */
export interface FeatureGroups {
  readonly names: readonly string[];
  /** Index into `names` of every feature, in the order of the feature vector. */
  readonly ofFeature: readonly number[];
}

/** The groups of a bundle: `names` is the manifest's list, in its order. Throws RangeError on an unknown group. */
export function groupFeatures(features: Pick<FeatureSpec, "list">, names: readonly string[]): FeatureGroups {
  const ofFeature = features.list.map((feature) => {
    const group = names.indexOf(feature.group);
    if (group < 0)
      throw new RangeError(`the feature "${feature.name}" is of the unknown group "${feature.group}"`);
    return group;
  });
  return { names, ofFeature };
}

/** The runs of one explanation, made on demand so that 12 groups need no gigabyte. */
export interface CoalitionPlan {
  readonly background: ExplanationBackground;
  readonly groups: FeatureGroups;
  /** Groups that own at least one feature, as indexes into `groups.names`: the players, bit 0 first. */
  readonly players: readonly number[];
  /** (2^players − 1) · background rows + 1. */
  readonly rows: number;
  readonly features: number;
  /** Writes rows `firstRow` … `firstRow + rows − 1` into `out` (row-major, at least rows × features). */
  fill(firstRow: number, rows: number, out: Float32Array): void;
}

/**
 * Plans the explanation of one standardised window. `window` is read by `fill`: it must not change until then.
 * Throws RangeError when the sizes do not fit or there are more than 12 groups.
 */
export function planCoalitions(
  window: Float32Array,
  background: ExplanationBackground,
  groups: FeatureGroups,
): CoalitionPlan {
  const { features } = background;
  if (window.length !== features || groups.ofFeature.length !== features) {
    throw new RangeError(
      `the window has ${window.length} features and the groups ${groups.ofFeature.length}, the background ${features}`,
    );
  }
  if (groups.names.length > maxGroups)
    throw new RangeError(`${groups.names.length} groups, at most ${maxGroups}`);
  const players = groups.names.map((_, group) => group).filter((group) => groups.ofFeature.includes(group));
  const bitOfFeature = Int32Array.from(groups.ofFeature, (group) => 1 << players.indexOf(group));
  const full = (1 << players.length) - 1;
  const totalRows = full * background.rows + 1;
  return {
    background,
    groups,
    players,
    rows: totalRows,
    features,
    fill(firstRow, rows, out) {
      if (firstRow < 0 || firstRow + rows > totalRows || out.length < rows * features) {
        throw new RangeError(
          `rows ${firstRow} to ${firstRow + rows} of ${totalRows} do not fit into ${out.length}`,
        );
      }
      let to = 0;
      let coalition = Math.floor(firstRow / background.rows);
      let backgroundRow = firstRow % background.rows;
      for (let row = 0; row < rows; row++) {
        let from = backgroundRow * features;
        for (let feature = 0; feature < features; feature++) {
          const inside = (coalition & bitOfFeature[feature]!) !== 0;
          out[to++] = inside ? window[feature]! : background.values[from]!;
          from++;
        }
        if (++backgroundRow === background.rows) {
          backgroundRow = 0;
          coalition++;
        }
      }
    },
  };
}
