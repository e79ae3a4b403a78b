/** Who takes the windows of a stream: which samples belong to which, and what becomes of each. */
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { Quarantine, SampleRun } from "../contract/stream.ts";

export interface WindowStart {
  /** Epoch ms of the first sample, by the sample clock. */
  readonly fromMs: number;
  readonly sampleRateHz: number;
  /** Shaft speed at the first sample. */
  readonly shaftRpm: number;
}

export interface WindowEnd {
  readonly fromMs: number;
  /** Epoch ms of the first sample after the window. */
  readonly toMs: number;
  readonly samples: number;
  /** Mean shaft speed over the window. */
  readonly shaftRpm: number;
  /** Of a snapshot out of which samples were lost: the longest time without a loss, ms. Absent: nothing was lost. */
  readonly unbrokenMs?: number;
}

/**
 * Receives the windows. Where windows overlap (hop < length), several are open at a time: `slot` tells them apart
 * and runs from 0 to {@link countWindowSlots} − 1.
 */
export interface WindowSink {
  begin(slot: number, start: WindowStart): void;
  /** The samples belong to the open window. */
  push(slot: number, run: SampleRun): void;
  end(slot: number, window: WindowEnd): void;
  /**
   * The open window ended as a snapshot: these are all its samples, and those of the pieces that are held before it. Left out: it is
   * abandoned. Where windows overlap there are no snapshots.
   */
  snapshot?(slot: number, window: WindowEnd): void;
  /**
   * The open window ended with a loss, and may be a piece of a snapshot: it is held until a snapshot ends, or until it is dropped.
   * Returns whether it is. Left out: never.
   */
  hold?(slot: number): boolean;
  /** The piece that was held first is lost. */
  drop?(slot: number, quarantine: Quarantine): void;
  /** The open window is lost; `quarantine.samples` are its samples so far. */
  abandon(slot: number, quarantine: Quarantine): void;
  /** A whole block was set aside: its shaft speed is unknown or impossible. */
  refuse(quarantine: Quarantine): void;
}

/** What windows that are open have taken so far, epoch ms; none: 0 windows, and `fromMs` > `toMs`. */
export interface OpenWindows {
  readonly windows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** How many windows may be open at a time. */
export function countWindowSlots(spec: WindowSpec): number {
  return Math.ceil(spec.length / spec.hop - 1e-9);
}
