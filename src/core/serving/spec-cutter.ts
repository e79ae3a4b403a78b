/**
 * Cuts windows of one specification and computes their features, of a fast sensor in both bands. Snapshots, shorter than a
 * window, are pooled (src/adr/0037): each becomes a window of its own levels, with features of the last ones together; one
 * that is long enough to tell orders apart has its own features, too. What samples were lost out of is heard in pieces.
 */

import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { StatedShafts } from "../contract/stated-shafts.ts";
import type { Quarantine, SampleRun, WindowParts } from "../contract/stream.ts";
import { listForeignLines, noForeignLines } from "../explain/foreign-lines.ts";
import { fewestRevolutions } from "../features/spectrum-pool.ts";
import { createUpperBandExtractor, type UpperBandExtractor } from "../features/upper-band.ts";
import { createWaveformExtractor, type WaveformExtractor } from "../features/waveform-extractor.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { createRevolutionWindower, type RevolutionWindower } from "../window/revolution-windower.ts";
import {
  countWindowSlots,
  type WindowEnd,
  type WindowSink,
  type WindowStart,
} from "../window/window-sink.ts";
import { type FoundLines, shareLines } from "./found-lines.ts";

/** A bundle as far as its windows are cut. */
export interface WindowBundle {
  readonly manifest: Manifest;
  /** Counts the windows that are being cut for it: it must not be closed while there are any. */
  retain(): void;
  release(): void;
}

/** What a cutter has to know of the machine that it listens to. */
export interface HeardMachine extends StatedShafts {
  readonly bearing: BearingOrders;
}

/** Where the next window begins: at `offset` of the block at hand, −1 until its first sample is met there. */
interface Handover {
  readonly slot: number;
  readonly fromMs: number;
  offset: number;
}

/** What a cutter knows of a window; the rest its point knows. */
type CutParts = Omit<WindowParts, "point" | "fromMs" | "toMs" | "shaftRpm" | "arrivedMonotonicMs">;

export interface EndedWindow<B extends WindowBundle> extends CutParts {
  readonly bundle: B;
  readonly end: WindowEnd;
}

export interface SpecCutterSink<B extends WindowBundle> {
  onEnd(ended: EndedWindow<B>): void;
  /** A window that had begun was lost. */
  onAbandon(quarantine: Quarantine): void;
  /** Samples were lost that no window of `cutter` had begun with. */
  onRefuse(quarantine: Quarantine, cutter: SpecCutter<B>): void;
}

/**
 * A windower with its extractors, for one window and feature spec. Without a bundle to begin a window with it finds out
 * where its successor takes over.
 */
export interface SpecCutter<B extends WindowBundle> {
  readonly windower: Pick<RevolutionWindower, "accept" | "pause" | "endRecording" | "reset" | "coverOpen">;
  /** Can a bundle with this manifest share it? */
  fits(manifest: Manifest): boolean;
  /** The machine was changed: what its snapshots were like says nothing of those that begin from now on. */
  renew(): void;
  /** Bundle of the windows to come; null when the next one belongs to a successor. */
  bundle: B | null;
  readonly openWindows: number;
  /** Set by the first window that began without a bundle. */
  readonly handover: Handover | null;
}

/** What was read of a window's samples, but for its levels. */
interface ReadWindow extends Pick<EndedWindow<WindowBundle>, "end" | "features" | "isPooled"> {
  readonly upperFeatures: Float32Array | null;
}

/** Creates a cutter for all bundles with the window and features of `first`. */
export function createSpecCutter<B extends WindowBundle>(
  first: B,
  machine: HeardMachine,
  sink: SpecCutterSink<B>,
): SpecCutter<B> {
  const { window, features } = first.manifest;
  const extractors = Array.from({ length: countWindowSlots(window) }, () =>
    createWaveformExtractor(features),
  );
  const make = extractors.every(({ poolsSnapshots }) => poolsSnapshots) ? PoolingCutter : PlainCutter;
  return new make({ first, machine, sink, extractors });
}

/** What a cutter is made of. */
interface CutterParts<B extends WindowBundle> {
  readonly first: B;
  readonly machine: HeardMachine;
  readonly sink: SpecCutterSink<B>;
  /** One a slot. */
  readonly extractors: readonly WaveformExtractor[];
}

class PlainCutter<B extends WindowBundle> implements SpecCutter<B>, WindowSink {
  readonly windower: RevolutionWindower;
  bundle: B | null;
  openWindows = 0;
  handover: Handover | null = null;
  readonly #machine: HeardMachine;
  readonly #sink: SpecCutterSink<B>;
  readonly #key: string;
  #extractors: readonly WaveformExtractor[];
  #uppers: readonly UpperBandExtractor[];
  #isRenewed = false;
  /** Of levels; empty: the bundle knows none. */
  readonly #meters: readonly WaveformExtractor[];
  /** Bundle of the window that is open in each slot. */
  readonly #bundles: (B | null)[];
  readonly #lines: FoundLines;

  constructor({ first, machine, sink, extractors }: CutterParts<B>) {
    const { manifest } = first;
    const levelSpec = manifest.baseline?.levels;
    this.bundle = first;
    this.#machine = machine;
    this.#sink = sink;
    this.#key = specKey(manifest);
    this.#extractors = extractors;
    this.#uppers = extractors.map(() => createUpperBandExtractor(manifest.features));
    this.#meters = levelSpec === undefined ? [] : extractors.map(() => createWaveformExtractor(levelSpec));
    this.#bundles = extractors.map(() => null);
    this.#lines = shareLines(manifest.features);
    this.windower = createRevolutionWindower(manifest.window, this);
  }

  fits(other: Manifest): boolean {
    return specKey(other) === this.#key;
  }

  renew(): void {
    this.#isRenewed = true;
  }

  begin(slot: number, { fromMs, sampleRateHz, shaftRpm }: WindowStart): void {
    const { bundle } = this;
    if (bundle === null) {
      this.handover ??= { slot, fromMs, offset: -1 };
      return;
    }
    // Where windows overlap there is nothing to forget.
    if (this.#isRenewed && this.openWindows === 0) this.#forget(bundle.manifest.features);
    this.#bundles[slot] = bundle;
    bundle.retain();
    this.openWindows++;
    const context = { sampleRateHz, bearing: this.#machine.bearing, shaftRpm };
    this.#extractors[slot]!.begin(context);
    this.#uppers[slot]!.begin(context);
    this.#meters[slot]?.begin(context);
  }

  push(slot: number, run: SampleRun): void {
    if (this.#bundles[slot] !== null) {
      this.#extractors[slot]!.push(run);
      this.#uppers[slot]!.push(run);
      this.#meters[slot]?.push(run);
    } else if (this.handover?.slot === slot && this.handover.offset < 0) this.handover.offset = run.from;
  }

  end(slot: number, end: WindowEnd): void {
    const open = this.#close(slot);
    if (open === null) return;
    try {
      const features = new Float32Array(open.manifest.features.list.length);
      this.#extractors[slot]!.finish(features, 0, this.#lines.lower);
      const upperFeatures = this.#uppers[slot]!.finish(this.#lines.upper);
      this.#emit(slot, open, { end, features, upperFeatures, isPooled: false });
    } finally {
      open.release();
    }
  }

  abandon(slot: number, quarantine: Quarantine): void {
    const open = this.#close(slot);
    if (open === null) return;
    open.release();
    this.#sink.onAbandon(quarantine);
  }

  /** The piece that was held first is lost. */
  drop(slot: number, quarantine: Quarantine): void {
    this.#dropPieces(slot, 1);
    this.#sink.onAbandon(quarantine);
  }

  refuse(quarantine: Quarantine): void {
    this.#sink.onRefuse(quarantine, this);
  }

  /** Ends the open window of a slot as one of a pool. */
  protected pool(slot: number, end: WindowEnd): void {
    const open = this.#close(slot);
    if (open === null) return;
    try {
      const features = new Float32Array(open.manifest.features.list.length);
      const whole = open.manifest.window.length;
      const { lower, upper } = this.#lines;
      const { revolutions, isPooled } = this.#extractors[slot]!.finishPooled(whole, features, lower);
      const upperFeatures = this.#uppers[slot]!.finishPooled(whole, upper);
      if (revolutions >= fewestRevolutions)
        this.#emit(slot, open, { end, features, upperFeatures, isPooled });
    } finally {
      this.#dropPieces(slot, Number.POSITIVE_INFINITY);
      open.release();
    }
  }

  /** Holds what is open of a slot as a piece of a snapshot. @returns whether it is. */
  protected holdPiece(slot: number): boolean {
    const holds = this.#extractors[slot]!.holdsPieces && this.#meters.every((meter) => meter.holdsPieces);
    const open = holds ? this.#close(slot) : null;
    if (open === null) return false;
    this.#extractors[slot]!.hold();
    this.#uppers[slot]!.hold();
    this.#meters[slot]?.hold();
    open.release();
    return true;
  }

  #dropPieces(slot: number, pieces: number): void {
    this.#extractors[slot]!.drop(pieces);
    this.#uppers[slot]!.drop(pieces);
    this.#meters[slot]?.drop(pieces);
  }

  /** What extractors keep from window to window is the pool. */
  #forget(spec: FeatureSpec): void {
    this.#isRenewed = false;
    this.#extractors = this.#extractors.map(() => createWaveformExtractor(spec));
    this.#uppers = this.#uppers.map(() => createUpperBandExtractor(spec));
  }

  #close(slot: number): B | null {
    const open = this.#bundles[slot] ?? null;
    this.#bundles[slot] = null;
    if (open !== null) this.openWindows--;
    return open;
  }

  #emit(slot: number, open: B, { end, features, upperFeatures, isPooled }: ReadWindow): void {
    const meter = this.#meters[slot];
    const levels = meter === undefined ? null : new Float32Array(meter.featureNames.length);
    if (levels !== null) meter!.finish(levels, 0);
    const { lower, upper, shaftColumns, firsts } = this.#lines;
    const seconds = (end.unbrokenMs ?? end.toMs - end.fromMs) / 1000;
    const { polePairs, gearedShafts } = this.#machine;
    const heard = { shaftRpm: end.shaftRpm, seconds, shaftColumns, firsts, polePairs, gearedShafts };
    this.#sink.onEnd({
      bundle: open,
      end,
      features,
      levels,
      upperFeatures,
      isPooled,
      foreignLines: listForeignLines(lower, heard),
      upperForeignLines: upperFeatures === null ? noForeignLines : listForeignLines(upper, heard),
      lineOrders: lower.slice(),
      upperLineOrders: upperFeatures === null ? null : upper.slice(),
    });
  }
}

/** One whose every chain can pool snapshots. */
class PoolingCutter<B extends WindowBundle> extends PlainCutter<B> {
  snapshot(slot: number, end: WindowEnd): void {
    this.pool(slot, end);
  }

  hold(slot: number): boolean {
    return this.holdPiece(slot);
  }
}

/** One text a manifest, for all points that it serves. */
const specKeys = new WeakMap<Manifest, string>();

/** Bundles with the same key can share windower and extractors. */
function specKey(manifest: Manifest): string {
  return findOrMake(specKeys, manifest, () =>
    JSON.stringify([manifest.window, manifest.features, manifest.baseline?.levels]),
  );
}
