/**
 * Executes a feature spec on one window of a waveform at a time: `begin`, any number of `push`, `finish`. Used by
 * training and serving alike. Streams: allocates nothing per sample, holds no raw window, and a window's features
 * depend on that window's samples alone, not on how they were split into pushes.
 */

import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { SampleRun } from "../contract/stream.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { bindWaveformChains } from "./catalogue.ts";
import type { BoundChain, PooledSnapshot, WaveformContext } from "./chain.ts";
import { checkCatalogueVersion, refuse } from "./read-params.ts";

/** One window at a time. */
export interface WaveformExtractor {
  /** Names of the features in the order of the vector. */
  readonly featureNames: readonly string[];
  /** Starts a window; what was not finished before is forgotten. */
  begin(context: WaveformContext): void;
  /** Takes the window's next samples; their shaft speed is > 0. */
  push(run: SampleRun): void;
  /**
   * Ends the window and writes its features to `out` from `offset`, each rounded to float32. NaN stands where the
   * window holds no information about a feature (a dead signal): such a window is the caller's to quarantine.
   * `lines` is filled with where the line of each feature stands, in orders: less than 0 for the flank of a higher line beyond the
   * search, NaN for a feature that is of no one line, or of one that hardly stands out.
   * @throws AuroraError BUNDLE_INCOMPATIBLE when the window was longer than the spec's chains can hold.
   */
  finish(out: Float32Array, offset: number, lines?: Float32Array): void;
  /** Whether any chain pools snapshots: else one is worth nothing. */
  readonly poolsSnapshots: boolean;
  /**
   * The same of a snapshot, shorter than a window, which is `wholeRevolutions` of the shaft; `out` is filled from its beginning. What
   * chains pool is of the last snapshots together, the rest of this one alone.
   */
  finishPooled(wholeRevolutions: number, out: Float32Array, lines?: Float32Array): PooledSnapshot;
  /** Whether all chains can hold pieces: else a snapshot out of which samples were lost is worth nothing. */
  readonly holdsPieces: boolean;
  /** Holds what came since `begin` as a piece of a snapshot: what is finished next is of all that is held, and of its own samples. */
  hold(): void;
  /** Forgets so many of the pieces that are held, the first ones. */
  drop(pieces: number): void;
}

/**
 * Creates an extractor. What all of a spec can share is made with the first of them.
 * @throws AuroraError BUNDLE_INCOMPATIBLE for another catalogue version, an unknown chain or operator, or wrong
 * parameters.
 */
export function createWaveformExtractor(spec: FeatureSpec): WaveformExtractor {
  return new Extractor(findOrMake(plans, spec, () => planExtraction(spec)));
}

/** What a spec says, bound. */
interface ExtractionPlan {
  readonly featureNames: readonly string[];
  readonly chains: readonly {
    readonly create: () => BoundChain;
    /** The places of its features in the vector. */
    readonly places: readonly number[];
  }[];
}

const plans = new WeakMap<FeatureSpec, ExtractionPlan>();

function planExtraction(spec: FeatureSpec): ExtractionPlan {
  checkCatalogueVersion(spec);
  const declared = spec.chains.map((chain) => {
    return { chain, features: spec.list.filter((feature) => feature.chain === chain.name) };
  });
  const chains = bindWaveformChains(declared).map(({ create, features }) => {
    return { create, places: features.map((feature) => spec.list.indexOf(feature)) };
  });
  for (const feature of spec.list) {
    if (!spec.chains.some((chain) => chain.name === feature.chain)) {
      throw refuse(`feature ${feature.name}`, `no chain "${feature.chain}"`);
    }
  }
  return { featureNames: spec.list.map((feature) => feature.name), chains };
}

class Extractor implements WaveformExtractor {
  readonly #plan: ExtractionPlan;
  readonly #chains: readonly BoundChain[];

  constructor(plan: ExtractionPlan) {
    this.#plan = plan;
    this.#chains = plan.chains.map(({ create }) => create());
  }

  get featureNames(): readonly string[] {
    return this.#plan.featureNames;
  }

  get poolsSnapshots(): boolean {
    return this.#chains.some(({ finishPooled }) => finishPooled !== undefined);
  }

  get holdsPieces(): boolean {
    return this.#chains.every(({ hold }) => hold !== undefined);
  }

  hold(): void {
    for (const chain of this.#chains) chain.hold?.();
  }

  drop(pieces: number): void {
    for (const chain of this.#chains) chain.drop?.(pieces);
  }

  begin(context: WaveformContext): void {
    const chains = this.#chains;
    for (let index = 0; index < chains.length; index++) chains[index]!.begin(context);
  }

  push(run: SampleRun): void {
    const chains = this.#chains;
    for (let index = 0; index < chains.length; index++) chains[index]!.push(run);
  }

  finish(out: Float32Array, offset: number, lines?: Float32Array): void {
    // One chain after the other, evaluated at once: what they compute at the end lies in shared buffers.
    for (let index = 0; index < this.#chains.length; index++) {
      this.#chains[index]!.finish();
      this.#evaluate(index, out, offset);
      if (lines !== undefined) this.#locate(index, lines, out.subarray(offset));
    }
  }

  finishPooled(wholeRevolutions: number, out: Float32Array, lines?: Float32Array): PooledSnapshot {
    let revolutions = Number.POSITIVE_INFINITY;
    let isPooled = false;
    for (let index = 0; index < this.#chains.length; index++) {
      const chain = this.#chains[index]!;
      if (chain.finishPooled === undefined) chain.finish();
      else {
        const snapshot = chain.finishPooled(wholeRevolutions);
        revolutions = Math.min(revolutions, snapshot.revolutions);
        isPooled ||= snapshot.isPooled;
      }
      this.#evaluate(index, out, 0);
      if (lines !== undefined) this.#locate(index, lines, out);
    }
    return { revolutions, isPooled };
  }

  #locate(index: number, lines: Float32Array, values: Float32Array): void {
    const chain = this.#chains[index]!;
    const { places } = this.#plan.chains[index]!;
    for (let feature = 0; feature < places.length; feature++) {
      const place = places[feature]!;
      lines[place] = chain.locate?.(feature, values[place]!) ?? Number.NaN;
    }
  }

  #evaluate(index: number, out: Float32Array, offset: number): void {
    const chain = this.#chains[index]!;
    const { places } = this.#plan.chains[index]!;
    for (let feature = 0; feature < places.length; feature++) {
      out[offset + places[feature]!] = chain.evaluate(feature);
    }
  }
}
