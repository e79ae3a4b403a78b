/**
 * The features catalogue, version 1: which chains exist and who binds them.
 *
 * | chain kind       | parameters | operators (parameters) |
 * |------------------|------------|------------------------|
 * | `envelope-order` | whiteningOrder, whiteningBlock (samples at the analysis rate), whiteningMemory (share of the lag products kept from block to block), envelope (`magnitude` or `energy` of a whitened sample; not said: magnitude), samplesPerRevolution, fftSize, revolutions (longest window), floorOrders (half width of the median), shaftGuardOrders (half width of the shaft harmonics that fault orders pass over, 0: none), envelopeLimit (most that a sample of the envelope over angle counts for in the spectrum, times their mean, a whole number; not said: no limit) | order-log-snr (order, harmonic, tolerance), side-band-log-snr (order, spacing, harmonic, tolerance), order-margin (order, harmonics, tolerance), comb-log-snr and half-comb-log-snr (order, harmonics, tolerance), comb-line-log-snr and comb-side-log-snr (order, spacing, harmonics, tolerance) |
 * | `band-level`     | fromHz, toHz (half-power edges; nothing is said of a band above 0.45 of the sampling rate) | rms-db, peak-db (dB above the channel's unit) |
 * | `readings`       | channel | mean, recent-mean (scalar windows only, see `scalar-extractor.ts`) |
 *
 * Any change of meaning is a new version: a bundle for another one is refused, never reinterpreted. An operator more, or one
 * less that is refused by its name, is no change of meaning.
 *
 * To add an operator: one entry where its chain binds operators (`envelope-operators.ts`, `band-level-chain.ts`,
 * `scalar-extractor.ts`), a line in the table above, reference values in `test/core/features/catalogue.test.ts`. For a microcontroller, which computes those of `envelope-order`: a number
 * and its parameters in `mcu-section.ts` and `firmware-bridge/mcu/MODEL_FORMAT.md`, the same number in
 * `firmware-bridge/mcu/feature_section.h`, its check in `feature_section.c`, its arithmetic in `features.c`. Golden windows
 * then hold both to the same bits.
 */

import type { AuroraError } from "../contract/aurora-error.ts";
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import { bindBandLevelChains } from "./band-level-chain.ts";
import type { BoundChain, ChainWithFeatures } from "./chain.ts";
import { bindEnvelopeOrderChain } from "./envelope-order-chain.ts";
import { refuse } from "./read-params.ts";

/** Chains that are computed together, with their features one after the other. */
interface BoundChains {
  /** Makes the chain of a stream. */
  readonly create: () => BoundChain;
  readonly features: readonly FeatureDeclaration[];
}

/** By kind what binds all chains of a spec that are of it: each by itself, or all together. */
const binders: Readonly<Record<string, (chains: readonly ChainWithFeatures[]) => readonly BoundChains[]>> = {
  "envelope-order": (chains) =>
    chains.map(({ chain, features }) => ({ create: bindEnvelopeOrderChain(chain, features), features })),
  "band-level": (chains) => [
    { create: bindBandLevelChains(chains), features: chains.flatMap(({ features }) => features) },
  ],
};

/**
 * Binds the chains of a spec for waveforms: what is bound together comes in one list.
 * @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown kind or operator, or a wrong parameter.
 */
export function bindWaveformChains(chains: readonly ChainWithFeatures[]): readonly BoundChains[] {
  for (const { chain } of chains) if (!Object.hasOwn(binders, chain.kind)) throw refuseKind(chain);
  return Object.entries(binders)
    .flatMap(([kind, bind]) => bind(chains.filter(({ chain }) => chain.kind === kind)))
    .filter(({ features }) => features.length > 0);
}

function refuseKind({ kind, name }: ChainSpec): AuroraError {
  const known = Object.keys(binders).join(", ");
  return refuse(`chain ${name}`, `no chain kind "${kind}" for waveforms; there are ${known}`);
}
