/**
 * Chain `envelope-order`: decimate to the analysis rate → whiten → |e| or e² → integrate over shaft angle → one spectrum
 * over orders. Everything is free of level and of sampling rate. Holds one block and the angle envelope, never the
 * raw window.
 */

import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import type { SampleRun } from "../contract/stream.ts";
import { type CountRun, type OutputPlace, roundTaps } from "../maths/decimation-kernel.ts";
import { createDecimator, type Decimator } from "../maths/decimator.ts";
import { designLowPassFir } from "../maths/filter-design.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import type { WhiteningOptions } from "../maths/whitening-kernel.ts";
import {
  type AngleEnvelope,
  createAngleEnvelope,
  type EnvelopeMeasure,
  envelopeMeasures,
} from "./angle-envelope.ts";
import { createBlockWhitener, type ResidualRun } from "./block-whitener.ts";
import type { BoundChain, PooledSnapshot, WaveformContext } from "./chain.ts";
import { bindEnvelopeOperator, type EnvelopeOperator, type EnvelopeView } from "./envelope-operators.ts";
import {
  highestOrderOf,
  type OrderSpectrum,
  type OrderSpectrumOptions,
  shareSpectrum,
  widenShaftGuard,
} from "./order-spectrum.ts";
import { createParamsReader, refuse } from "./read-params.ts";
import {
  computePieces,
  createSpectrumPool,
  enoughRevolutions,
  type SpectrumPool,
  selectPieces,
} from "./spectrum-pool.ts";

/** Rates from twice this are decimated by a whole factor, to between this and twice this. */
export const analysisRateHz = 12_000;
const decimatorTapsPerPhase = 8;

/** Taps of the low-pass before decimation by `factor` ≥ 2. */
export function designAnalysisFilter(factor: number): Int16Array {
  return roundTaps(designLowPassFir(decimatorTapsPerPhase * factor + 1, 0.85 / factor, 5));
}

/** As a byte of a microcontroller's file. */
const mostEnvelopeLimit = 255;

/** Bearings whose harmonics lie higher are sampled this many times finer at most. */
const maxRefinement = 16;

/** Grid and spectrum at one fineness. */
interface Resolution {
  readonly spectrum: OrderSpectrum;
  /** The make of the spectrum. */
  readonly grid: OrderSpectrumOptions;
}

/** All that a chain's declaration says; the windows of all points share it. */
interface EnvelopePlan extends EnvelopeChain {
  readonly operators: readonly EnvelopeOperator[];
  readonly resolutionOf: (refinement: number) => Resolution;
  /** What is evaluated now: the window that ended last. */
  readonly view: EnvelopeView;
}

/**
 * Binds the chain and its features: checks every parameter (see `catalogue.ts`), and makes what all streams share. What it returns
 * makes the chain of a stream.
 * @throws AuroraError BUNDLE_INCOMPATIBLE for a parameter or operator that this catalogue does not know.
 */
export function bindEnvelopeOrderChain(
  chain: ChainSpec,
  features: readonly FeatureDeclaration[],
): () => BoundChain {
  const declared = readEnvelopeChain(chain);
  const resolutionOf = createResolutions(declared.grid);
  const plan: EnvelopePlan = {
    ...declared,
    operators: features.map(bindEnvelopeOperator),
    resolutionOf,
    view: {
      bearing: { bpfo: 1, bpfi: 1, bsf: 1, ftf: 0.5 },
      spectrum: resolutionOf(1).spectrum,
    },
  };
  return () => new EnvelopeOrderChain(plan);
}

/** One for all pushes, so that none of them allocates. */
const piece: CountRun = { counts: new Int16Array(0), from: 0, to: 0, scale: 0 };
const place: OutputPlace = { out: new Float64Array(0), at: 0 };

class EnvelopeOrderChain implements BoundChain {
  readonly #plan: EnvelopePlan;
  readonly #whitener: ReturnType<typeof createBlockWhitener>;
  /** Null: no window has begun. */
  #envelope: AngleEnvelope | null = null;
  #resolution: Resolution;
  #decimator: Decimator | null = null;
  #analysisHz = analysisRateHz;
  #bearing: BearingOrders | null = null;
  #sampleRateHz = 0;
  /** Of the snapshots since the last whole window, of one rate and bearing. */
  #pool: SpectrumPool | null = null;
  /** Of the open window: how far the shaft has turned, and in which time. */
  #turns = 0;
  #seconds = 0;
  /** Envelopes of the pieces that are held of a snapshot. */
  readonly #pieces: Float32Array[] = [];

  constructor(plan: EnvelopePlan) {
    this.#plan = plan;
    this.#resolution = plan.resolutionOf(1);
    this.#whitener = createBlockWhitener(plan.whitening, this);
  }

  begin({ sampleRateHz, bearing }: WaveformContext): void {
    const factor = Math.max(1, Math.floor(sampleRateHz / analysisRateHz));
    this.#analysisHz = sampleRateHz / factor;
    if (factor === 1) this.#decimator = null;
    else if (this.#decimator?.factor === factor) this.#decimator.reset();
    else this.#decimator = createDecimator({ taps: designAnalysisFilter(factor), factor });
    if (this.#sampleRateHz !== sampleRateHz || this.#bearing !== bearing) this.#pool = null;
    this.#sampleRateHz = sampleRateHz;
    if (this.#bearing !== bearing || this.#envelope === null) this.#refine(bearing);
    this.#bearing = bearing;
    this.#envelope!.reset();
    this.#whitener.reset();
    this.#turns = 0;
    this.#seconds = 0;
  }

  push(run: SampleRun): void {
    const whitener = this.#whitener;
    const decimator = this.#decimator;
    const revolutionsPerSample = run.shaftRpm / 60 / this.#analysisHz;
    // The windower lets no other speed through; here it would cost time without end.
    if (!(revolutionsPerSample > 0 && revolutionsPerSample < 0.5 * maxRefinement)) {
      throw new RangeError(`${run.shaftRpm} rpm at ${this.#analysisHz} samples per second`);
    }
    const seconds = (run.to - run.from) / this.#sampleRateHz;
    this.#turns += (run.shaftRpm / 60) * seconds;
    this.#seconds += seconds;
    whitener.open(revolutionsPerSample);
    if (decimator === null) whitener.take(run);
    else {
      piece.counts = run.counts;
      piece.scale = run.scale;
      place.out = whitener.buffer;
      for (let next = run.from; next < run.to; next = piece.to) {
        place.at = whitener.position;
        piece.from = next;
        piece.to = Math.min(run.to, next + (whitener.limit - place.at) * decimator.factor);
        whitener.wrote(decimator.push(piece, place));
      }
    }
    whitener.close();
  }

  /** Takes what the whitener leaves. */
  add(run: ResidualRun): void {
    this.#envelope!.add(run);
  }

  finish(): void {
    const samples = this.#endEnvelope();
    this.#pool = null;
    const { spectrum } = this.#resolution;
    this.#plan.view.spectrum = spectrum;
    spectrum.compute(samples, samples.length);
  }

  finishPooled(wholeRevolutions: number): PooledSnapshot {
    const { grid, view } = this.#plan;
    const { samplesPerRevolution } = this.#resolution.grid;
    const heard = selectPieces([...this.#pieces, this.#endEnvelope()]);
    const own = heard.samples.length / samplesPerRevolution;
    const piece = heard.shortest / samplesPerRevolution;
    // One that would be a window of its own is not pooled for what it lost.
    const isPooled = heard.came / samplesPerRevolution < enoughRevolutions;
    const pool = isPooled ? (this.#pool ?? createSpectrumPool()) : null;
    this.#pool = pool;
    const turnsHz = this.#turns / this.#seconds;
    const shortest = pool?.admit({ revolutions: own, shortest: piece, turnsHz }) ?? piece;
    const shaftGuardOrders = widenShaftGuard(grid.shaftGuardOrders, Math.max(1, wholeRevolutions / shortest));
    view.spectrum = shareSpectrum({ ...this.#resolution.grid, shaftGuardOrders });
    computePieces(view.spectrum, heard);
    return { revolutions: pool?.blend(view.spectrum) ?? own, isPooled };
  }

  hold(): void {
    this.#pieces.push(this.#endEnvelope().slice());
  }

  drop(pieces: number): void {
    this.#pieces.splice(0, pieces);
  }

  evaluate(index: number): number {
    const { operators, view } = this.#plan;
    return operators[index]!.evaluate(view);
  }

  locate(index: number, value: number): number {
    const { operators, view } = this.#plan;
    return operators[index]!.locate?.(view, value) ?? Number.NaN;
  }

  /** A bearing with many rolling elements has higher orders: sample the envelope finer, at the same bin width. */
  #refine(bearing: BearingOrders): void {
    const { measure, grid, operators, resolutionOf } = this.#plan;
    let highest = 0;
    for (const operator of operators) highest = Math.max(highest, operator.highestOrder(bearing));
    let refinement = 1;
    while (refinement < maxRefinement && highestOrderOf(grid.samplesPerRevolution * refinement) < highest) {
      refinement *= 2;
    }
    this.#resolution = resolutionOf(refinement);
    const { samplesPerRevolution, fftSize } = this.#resolution.grid;
    if (this.#envelope?.samplesPerRevolution === samplesPerRevolution) return;
    this.#envelope?.reset();
    this.#envelope = createAngleEnvelope({ samplesPerRevolution, measure, capacity: fftSize });
  }

  /** The whole window's, which the view holds until another one ends; its pages are free for others. */
  #endEnvelope(): Float32Array {
    const { grid, subject, view } = this.#plan;
    const envelope = this.#envelope!;
    this.#whitener.flush();
    if (envelope.overflow > 0) {
      const held = grid.fftSize / grid.samplesPerRevolution;
      throw refuse(subject, `the window is longer than the ${held} revolutions it holds`);
    }
    view.bearing = this.#bearing!;
    const samples = envelope.gather();
    envelope.reset();
    return samples;
  }
}

/** What a chain's parameters say. */
interface EnvelopeChain {
  readonly whitening: WhiteningOptions;
  readonly measure: EnvelopeMeasure;
  readonly grid: OrderSpectrumOptions;
  /** Of the longest window. */
  readonly revolutions: number;
  /** Names the chain where something is refused. */
  readonly subject: string;
}

/** Reads the parameters of a chain of this kind. @throws AuroraError BUNDLE_INCOMPATIBLE for a parameter that is none or out of range. */
export function readEnvelopeChain(chain: ChainSpec): EnvelopeChain {
  const subject = `chain ${chain.name}`;
  const params = createParamsReader(chain.params, subject);
  const order = params.integer("whiteningOrder", 0, 64);
  const blockSamples = params.integer("whiteningBlock", 8, 8192);
  const memory = params.number("whiteningMemory", 0, 0.999);
  // Chains that do not say this, or the limit, are older than the choice.
  const isSaid = Object.hasOwn(chain.params, "envelope");
  const measure = isSaid ? params.choice("envelope", envelopeMeasures) : "magnitude";
  const samplesPerRevolution = params.integer("samplesPerRevolution", 8, 256);
  const fftSize = params.integer("fftSize", 64, 16_384);
  const revolutions = params.number("revolutions", 1, 1000);
  const floorOrders = params.number("floorOrders", 0.1, 10);
  const shaftGuardOrders = params.number("shaftGuardOrders", 0, 0.4);
  const isLimited = Object.hasOwn(chain.params, "envelopeLimit");
  const envelopeLimit = isLimited ? params.integer("envelopeLimit", 2, mostEnvelopeLimit) : 0;
  params.done();
  if ((fftSize & (fftSize - 1)) !== 0) throw refuse(subject, `fftSize ${fftSize} is not a power of two`);
  if (order > blockSamples / 2) throw refuse(subject, "whiteningOrder is above half of whiteningBlock");
  if (Math.ceil(revolutions * samplesPerRevolution) > fftSize) {
    throw refuse(subject, `${revolutions} revolutions of ${samplesPerRevolution} samples exceed fftSize`);
  }
  return {
    whitening: { order, blockSamples, memory },
    measure,
    grid: { samplesPerRevolution, fftSize, floorOrders, shaftGuardOrders, envelopeLimit },
    revolutions,
    subject,
  };
}

/** Spectra at a fineness, made when it is first asked for. */
function createResolutions(grid: OrderSpectrumOptions): (refinement: number) => Resolution {
  const made = new Map<number, Resolution>();
  return (refinement) =>
    findOrMake(made, refinement, () => {
      const samplesPerRevolution = grid.samplesPerRevolution * refinement;
      const refined = { ...grid, samplesPerRevolution, fftSize: grid.fftSize * refinement };
      return { spectrum: shareSpectrum(refined), grid: refined };
    });
}
