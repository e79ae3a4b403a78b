/** What a signal chain of the catalogue is to the extractor: samples in, feature values out. */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { ChainSpec, FeatureDeclaration } from "../contract/bundle/feature-spec.ts";
import type { SampleRun } from "../contract/stream.ts";

/** What is known of a window when it begins. */
export interface WaveformContext {
  /** Sampling rate of the raw counts in Hz; constant in a window. */
  readonly sampleRateHz: number;
  /** Geometry of the watched bearing. */
  readonly bearing: BearingOrders;
  /** Shaft speed at the first sample, revolutions per minute; > 0. */
  readonly shaftRpm: number;
}

/**
 * One chain with the features that read it, for the windows of one stream. Holds what it needs of one window, and nothing that
 * streams could share: a gateway has a thousand of them. Nothing allocates per sample.
 */
export interface BoundChain {
  /** Forgets the window before and starts another. */
  begin(context: WaveformContext): void;
  push(run: SampleRun): void;
  /** Ends the window: `evaluate` may be called until any chain of any extractor begins or finishes again. */
  finish(): void;
  /**
   * Ends the window as a snapshot, of which a whole one is `wholeRevolutions` of the shaft: `evaluate` tells of the last snapshots
   * together. A whole window, another sampling rate or bearing starts the pool anew. Left out: the chain has nothing to pool.
   */
  finishPooled?(wholeRevolutions: number): PooledSnapshot;
  /**
   * Holds what came of the window as a piece of a snapshot, out of which samples were lost: the next window that ends is of all
   * pieces that are held and of its own samples. Left out: the chain hears no snapshot out of which samples were lost.
   */
  hold?(): void;
  /** Forgets so many of the pieces that are held, the first ones. */
  drop?(pieces: number): void;
  /** Value of the `index`-th bound feature; NaN where the window holds no information about it. */
  evaluate(index: number): number;
  /**
   * Where the one line of the `index`-th bound feature, which came to `value`, stands, as a multiple of the shaft's speed; less than 0
   * (minus that multiple) where it is the flank of a higher line beyond the search; NaN where it has none, or one that hardly stands out.
   */
  locate?(index: number, value: number): number;
}

/** What a snapshot is heard with. */
export interface PooledSnapshot {
  /** Of it and of all that are pooled with it; Infinity: this one holds no information. */
  readonly revolutions: number;
  /** Whether it shares its spectrum with others; false: it is long enough to be heard by itself. */
  readonly isPooled: boolean;
}

/** A chain and the features that read it, in the order of the spec. */
export interface ChainWithFeatures {
  readonly chain: ChainSpec;
  readonly features: readonly FeatureDeclaration[];
}
