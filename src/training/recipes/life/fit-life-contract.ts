/** Which declared channels carry anything, fitted on training engines: what never changes cannot be standardised. */

import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../core/contract/bundle/feature-spec.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import { type CmapssEngine, cmapssChannels } from "../../dataset/cmapss.ts";

/** The contract that is left, and why the rest is not. */
export interface FittedLifeContract {
  readonly channels: readonly ChannelContract[];
  readonly features: FeatureSpec;
  /** Channels that were declared and dropped, with the count of values that each took. */
  readonly dropped: readonly { readonly channel: string; readonly distinctValues: number }[];
  /** Readings of kept channels outside their declared range. */
  readonly outOfRange: number;
}

/**
 * Drops channels that take fewer than `minDistinctValues` values in all of `engines`, with their chains and features.
 * Fails with CONFIG_INVALID for a channel that the data set lacks, and when nothing is left.
 */
export function fitLifeContract(
  declared: { readonly channels: readonly ChannelContract[]; readonly features: FeatureSpec },
  engines: readonly CmapssEngine[],
  minDistinctValues: number,
): FittedLifeContract {
  const dropped: { channel: string; distinctValues: number }[] = [];
  const channels: ChannelContract[] = [];
  let outOfRange = 0;
  for (const contract of declared.channels) {
    const column = cmapssChannels.indexOf(contract.name);
    if (column < 0) throw refuse(contract.name, `the data set has no channel "${contract.name}"`);
    const values = new Set<number>();
    let outside = 0;
    for (const engine of engines) {
      for (let at = column; at < engine.values.length; at += cmapssChannels.length) {
        const value = engine.values[at]!;
        values.add(value);
        if (value < contract.min || value > contract.max) outside++;
      }
    }
    if (values.size < minDistinctValues) {
      dropped.push({ channel: contract.name, distinctValues: values.size });
      continue;
    }
    channels.push(contract);
    outOfRange += outside;
  }
  const kept = new Set(channels.map((channel) => channel.name));
  const chains = declared.features.chains.filter((chain) => kept.has(String(chain.params.channel)));
  const chainNames = new Set(chains.map((chain) => chain.name));
  const list = declared.features.list.filter((feature) => chainNames.has(feature.chain));
  if (list.length === 0) throw refuse("features", "no feature is left: all channels are constant");
  return { channels, features: { ...declared.features, chains, list }, dropped, outOfRange };
}

function refuse(subject: string, message: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", message, {
    op: "fit data contract",
    subject,
    hint: `channels are ${cmapssChannels.join(", ")}`,
  });
}
