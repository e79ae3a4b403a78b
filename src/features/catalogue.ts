/**
 * The features catalogue, version 1: which chains exist and who binds them.
 *
 * | chain kind       | parameters | operators (parameters) |
 * |------------------|------------|------------------------|
 * | `envelope-order` | whiteningOrder, whiteningBlock (samples at the analysis rate), whiteningMemory (share of the lag products kept from block to block), samplesPerRevolution, fftSize, revolutions (longest window), floorOrders (half width of the median), shaftGuardOrders (half width of the shaft harmonics that fault orders pass over, 0: none) | order-log-snr (order, harmonic, tolerance), side-band-log-snr (order, spacing, harmonic, tolerance), order-margin (order, harmonics, tolerance), envelope-kurtosis, envelope-crest-factor |
 * | `time`           | – | mean, rms, std, peak, peak-to-peak, absolute-mean, crest-factor, kurtosis, skewness, shape-factor, impulse-factor, clearance-factor |
 * | `spectrum`       | fftSize | band-energy (fromHz, toHz), band-energy-share (fromHz, toHz), spectral-centroid |
 * | `band-level`     | fromHz, toHz (half-power edges; nothing is said of a band above 0.45 of the sampling rate) | rms-db, peak-db (dB above the channel's unit), kurtosis-db (dB above a Gaussian's) |
 * | `readings`       | channel | mean, min, max, std, range, change, last (scalar windows only, see `scalar-extractor.ts`) |
 * | `history` | channel | recent-mean (steps), recent-slope (steps), change-from-start (recent, start), age (histories of a machine only, see `history-extractor.ts`) |
 *
 * Any change of meaning is a new version: a bundle for another one is refused, never reinterpreted.
 */

import { bindBandLevelChain } from "./band-level-chain.ts";
import type { ChainBinder } from "./chain.ts";
import { bindEnvelopeOrderChain } from "./envelope-order-chain.ts";
import { refuse } from "./read-params.ts";
import { bindSpectrumChain } from "./spectrum-chain.ts";
import { bindTimeChain } from "./time-chain.ts";

const waveformChains: Readonly<Record<string, ChainBinder>> = {
  "envelope-order": bindEnvelopeOrderChain,
  time: bindTimeChain,
  spectrum: bindSpectrumChain,
  "band-level": bindBandLevelChain,
};

/** Finds the binder of a chain kind for waveforms. @throws AuroraError BUNDLE_INCOMPATIBLE for an unknown kind. */
export function findWaveformChain(kind: string, name: string): ChainBinder {
  const binder = Object.hasOwn(waveformChains, kind) ? waveformChains[kind] : undefined;
  if (binder === undefined) {
    throw refuse(
      `chain ${name}`,
      `no chain kind "${kind}" for waveforms; there are ${Object.keys(waveformChains).join(", ")}`,
    );
  }
  return binder;
}
