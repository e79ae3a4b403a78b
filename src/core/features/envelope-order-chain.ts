/**
 * Chain `envelope-order`: decimate to the analysis rate → whiten → |e| → integrate over shaft angle → one spectrum
 * over orders. Everything is free of level and of sampling rate. Holds one block and the angle envelope, never the
 * raw window.
 */
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import { createDecimator, type Decimator } from "../maths/decimator.ts";
import { designLowPassFir } from "../maths/filter-design.ts";
import type { WhiteningOptions } from "../maths/whitening-kernel.ts";
import { type AngleEnvelope, createAngleEnvelope } from "./angle-envelope.ts";
import { createBlockWhitener } from "./block-whitener.ts";
import type { BoundChain, WaveformContext } from "./chain.ts";
import { bindEnvelopeOperator, type EnvelopeView } from "./envelope-operators.ts";
import {
  createOrderSpectrum,
  highestOrderOf,
  type OrderSpectrum,
  type OrderSpectrumOptions,
  widenShaftGuard,
} from "./order-spectrum.ts";
import { createParamsReader, refuse } from "./read-params.ts";
import { createSpectrumPool, type SpectrumPool } from "./spectrum-pool.ts";

/** Rates from twice this are decimated by a whole factor, to between this and twice this. */
export const analysisRateHz = 12_000;
const decimatorTapsPerPhase = 8;

/** Taps of the low-pass before decimation by `factor` ≥ 2. */
export function designAnalysisFilter(factor: number): Float64Array {
  return designLowPassFir(decimatorTapsPerPhase * factor + 1, 0.85 / factor, 5);
}

/** Bearings whose harmonics lie higher are sampled this many times finer at most. */
const maxRefinement = 16;

/**
 * A spectrum lives from `finish` to the last `evaluate`, which no other window comes between: all extractors share
 * one of a kind. A gateway with hundreds of points would otherwise hold 100 kB for each.
 */
const sharedSpectra = new Map<string, OrderSpectrum>();

/** Envelope and spectrum at one fineness. */
interface Resolution {
  readonly envelope: AngleEnvelope;
  readonly spectrum: OrderSpectrum;
  /** The make of the spectrum. */
  readonly grid: OrderSpectrumOptions;
}

/** Binds the chain; see `catalogue.ts` for its parameters. */
export function bindEnvelopeOrderChain(
  chain: ChainSpec,
  features: readonly FeatureDeclaration[],
): BoundChain {
  const { whitening, grid, revolutions, subject } = readChain(chain);
  const { samplesPerRevolution, fftSize } = grid;
  const resolutionOf = createResolutions(grid);
  let resolution = resolutionOf(1);
  let envelope = resolution.envelope;
  const whitener = createBlockWhitener(whitening, (run) => envelope.add(run));
  const decimators = new Map<number, Decimator>();
  let decimator: Decimator | null = null;
  let analysisHz = analysisRateHz;
  const view: EnvelopeView = {
    bearing: { bpfo: 1, bpfi: 1, bsf: 1, ftf: 0.5 },
    envelope,
    spectrum: resolution.spectrum,
  };
  const operators = features.map((feature) => bindEnvelopeOperator(feature));
  const evaluators = operators.map((operator) => operator.evaluate);
  /** Of the snapshots since the last whole window, of one rate and bearing. */
  let pool: SpectrumPool | null = null;
  let pooledOf: WaveformContext | null = null;

  const endEnvelope = (): void => {
    whitener.flush();
    if (envelope.overflow === 0) return;
    const held = fftSize / samplesPerRevolution;
    throw refuse(subject, `the window is longer than the ${held} revolutions it holds`);
  };

  return {
    begin: (context: WaveformContext) => {
      const factor = Math.max(1, Math.floor(context.sampleRateHz / analysisRateHz));
      analysisHz = context.sampleRateHz / factor;
      if (factor === 1) decimator = null;
      else {
        decimator = decimators.get(factor) ?? null;
        if (decimator === null) {
          decimator = createDecimator(designAnalysisFilter(factor), factor);
          decimators.set(factor, decimator);
        }
        decimator.reset();
      }
      // A bearing with many rolling elements has higher orders: sample the envelope finer, at the same bin width.
      let highest = 0;
      for (const operator of operators) highest = Math.max(highest, operator.highestOrder(context.bearing));
      let refinement = 1;
      while (refinement < maxRefinement && highestOrderOf(samplesPerRevolution * refinement) < highest) {
        refinement *= 2;
      }
      if (pooledOf?.sampleRateHz !== context.sampleRateHz || pooledOf.bearing !== context.bearing)
        pool = null;
      pooledOf = context;
      resolution = resolutionOf(refinement);
      envelope = resolution.envelope;
      envelope.reset();
      whitener.reset();
      view.bearing = context.bearing;
      view.envelope = envelope;
      view.spectrum = resolution.spectrum;
    },
    push: (run) => {
      const revolutionsPerSample = run.shaftRpm / 60 / analysisHz;
      // The windower lets no other speed through; here it would cost time without end.
      if (!(revolutionsPerSample > 0 && revolutionsPerSample < 0.5 * maxRefinement)) {
        throw new RangeError(`${run.shaftRpm} rpm at ${analysisHz} samples per second`);
      }
      whitener.open(revolutionsPerSample);
      if (decimator === null) whitener.take(run);
      else {
        const { counts, from, to, scale } = run;
        const { buffer } = whitener;
        for (let next = from; next < to; ) {
          const start = whitener.position;
          const end = Math.min(to, next + (whitener.limit - start) * decimator.factor);
          whitener.wrote(decimator.push(counts, next, end, scale, buffer, start));
          next = end;
        }
      }
      whitener.close();
    },
    finish: () => {
      endEnvelope();
      pool = null;
      resolution.spectrum.compute(envelope.samples, envelope.count);
    },
    finishPooled: () => {
      endEnvelope();
      pool ??= createSpectrumPool();
      const shortest = pool.admit(envelope.count / envelope.samplesPerRevolution);
      const shaftGuardOrders = widenShaftGuard(grid.shaftGuardOrders, Math.max(1, revolutions / shortest));
      view.spectrum = shareSpectrum({ ...resolution.grid, shaftGuardOrders });
      view.spectrum.compute(envelope.samples, envelope.count);
      return pool.blend(view.spectrum);
    },
    evaluate: (index) => evaluators[index]!(view),
  };
}

function readChain(chain: ChainSpec): {
  readonly whitening: WhiteningOptions;
  readonly grid: OrderSpectrumOptions;
  /** Of the longest window. */
  readonly revolutions: number;
  readonly subject: string;
} {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const order = params.integer("whiteningOrder", 0, 64);
  const blockSamples = params.integer("whiteningBlock", 8, 8192);
  const memory = params.number("whiteningMemory", 0, 0.999);
  const samplesPerRevolution = params.integer("samplesPerRevolution", 8, 256);
  const fftSize = params.integer("fftSize", 64, 16_384);
  const revolutions = params.number("revolutions", 1, 1000);
  const floorOrders = params.number("floorOrders", 0.1, 10);
  const shaftGuardOrders = params.number("shaftGuardOrders", 0, 0.4);
  params.done();
  if ((fftSize & (fftSize - 1)) !== 0) throw refuse(subject, `fftSize ${fftSize} is not a power of two`);
  if (order > blockSamples / 2) throw refuse(subject, "whiteningOrder is above half of whiteningBlock");
  if (Math.ceil(revolutions * samplesPerRevolution) > fftSize) {
    throw refuse(subject, `${revolutions} revolutions of ${samplesPerRevolution} samples exceed fftSize`);
  }
  return {
    whitening: { order, blockSamples, memory },
    grid: { samplesPerRevolution, fftSize, floorOrders, shaftGuardOrders },
    revolutions,
    subject,
  };
}

/** Envelope and spectrum at a fineness, made when it is first asked for. */
function createResolutions(grid: OrderSpectrumOptions): (refinement: number) => Resolution {
  const made = new Map<number, Resolution>();
  return (refinement) => {
    let found = made.get(refinement);
    if (found === undefined) {
      const samplesPerRevolution = grid.samplesPerRevolution * refinement;
      const fftSize = grid.fftSize * refinement;
      const refined = { ...grid, samplesPerRevolution, fftSize };
      found = {
        envelope: createAngleEnvelope(samplesPerRevolution, fftSize),
        spectrum: shareSpectrum(refined),
        grid: refined,
      };
      made.set(refinement, found);
    }
    return found;
  };
}

function shareSpectrum(options: OrderSpectrumOptions): OrderSpectrum {
  const { samplesPerRevolution, fftSize, floorOrders, shaftGuardOrders } = options;
  const key = `${samplesPerRevolution}/${fftSize}/${floorOrders}/${shaftGuardOrders}`;
  let found = sharedSpectra.get(key);
  if (found === undefined) {
    found = createOrderSpectrum(options);
    sharedSpectra.set(key, found);
  }
  return found;
}
