/**
 * The envelope's spectrum over shaft orders of a recording, as the features hear it: whitened, averaged over its windows, in dB
 * above its own median. For the eye; no figure rests on it.
 */
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import { createAngleEnvelope } from "../../../../core/features/angle-envelope.ts";
import { createBlockWhitener } from "../../../../core/features/block-whitener.ts";
import {
  analysisRateHz,
  designAnalysisFilter,
  readEnvelopeChain,
} from "../../../../core/features/envelope-order-chain.ts";
import { createOrderSpectrum } from "../../../../core/features/order-spectrum.ts";
import { createDecimator } from "../../../../core/maths/decimator.ts";
import { computeMedian } from "../../../../core/maths/robust.ts";
import type { RecordedSignal } from "../../../dataset/recordings/recording-set.ts";

export interface RecordedSpectrum {
  readonly binOrders: number;
  /** By bin, from order 0 on. */
  readonly decibels: Float64Array;
}

/** Windows that are averaged at most. */
const mostWindows = 12;

/**
 * Computes up to `highestOrder`; null where `spec` has no chain of the kind, or the recording is shorter than one window of it.
 */
export function computeRecordedSpectrum(
  signal: RecordedSignal,
  spec: FeatureSpec,
  highestOrder: number,
): RecordedSpectrum | null {
  const chain = spec.chains.find(({ kind }) => kind === "envelope-order");
  if (chain === undefined) return null;
  const { whitening, measure, revolutions, grid: heard } = readEnvelopeChain(chain);
  const samplesPerRevolution = 2 ** Math.ceil(Math.log2(Math.max(48, 2.5 * highestOrder)));
  const fftSize = 2 ** Math.ceil(Math.log2(revolutions * samplesPerRevolution));
  const grid = { ...heard, samplesPerRevolution, fftSize, floorOrders: 2, shaftGuardOrders: 0 };
  const spectrum = createOrderSpectrum(grid);
  const wanted = Math.floor(revolutions * samplesPerRevolution);
  const envelope = createAngleEnvelope({ samplesPerRevolution, measure, capacity: fftSize });
  const whitener = createBlockWhitener(whitening, envelope);
  const factor = Math.max(1, Math.floor(signal.sampleRateHz / analysisRateHz));
  const step = signal.shaftRpm / 60 / (signal.sampleRateHz / factor);
  const perWindow = Math.floor(wanted / samplesPerRevolution / step) * factor;
  const sums = new Float64Array(Math.min(fftSize / 2, Math.ceil(highestOrder / spectrum.binOrders)) + 1);
  let windows = 0;
  for (
    let from = 0;
    from + perWindow <= signal.counts.length && windows < mostWindows;
    from += perWindow, windows++
  ) {
    envelope.reset();
    whitener.reset();
    const decimator = factor === 1 ? null : createDecimator({ taps: designAnalysisFilter(factor), factor });
    whitener.open(step);
    for (let next = from; next < from + perWindow; ) {
      const start = whitener.position;
      const end = Math.min(from + perWindow, next + (whitener.limit - start) * factor);
      const { counts, scale } = signal;
      const run = { counts, scale, from: next, to: end };
      if (decimator === null) whitener.take(run);
      else whitener.wrote(decimator.push(run, { out: whitener.buffer, at: start }));
      next = end;
    }
    whitener.close();
    whitener.flush();
    spectrum.compute(envelope.gather(), envelope.count);
    for (let bin = 0; bin < sums.length; bin++) sums[bin]! += spectrum.amplitudes[bin]!;
  }
  if (windows === 0) return null;
  const floor = computeMedian([...sums]) || 1;
  return {
    binOrders: spectrum.binOrders,
    decibels: sums.map((sum) => 20 * Math.log10(Math.max(1e-3, sum / floor))),
  };
}
