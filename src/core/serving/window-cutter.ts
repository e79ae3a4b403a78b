/**
 * A windower with its extractors, for one window and feature spec: cuts a stream and computes the features of each
 * window for the bundle that it began with. Without a bundle to begin with it finds out where its successor takes over.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { Quarantine } from "../contract/stream.ts";
import { createWaveformExtractor } from "../features/waveform-extractor.ts";
import {
  countWindowSlots,
  createRevolutionWindower,
  type RevolutionWindower,
  type WindowEnd,
} from "../window/revolution-windower.ts";

/** A bundle as far as a point needs it. */
export interface PointBundle {
  readonly manifest: Manifest;
  /** Counts the windows that are being cut for it: it must not be closed while there are any. */
  retain(): void;
  release(): void;
}

/** Where the next window begins: at `offset` of the block at hand, −1 until its first sample is met there. */
export interface Handover {
  readonly slot: number;
  readonly fromMs: number;
  offset: number;
}

/** What becomes of windows. */
export interface WindowCutterSink<B extends PointBundle> {
  /** `levels` where the bundle has a baseline. `owner` is released after the call returns. */
  onEnd(owner: B, features: Float32Array, levels: Float32Array | undefined, end: WindowEnd): void;
  /** A window that had begun was lost. */
  onAbandon(quarantine: Quarantine): void;
  /** Samples were lost that no window had begun with. */
  onRefuse(quarantine: Quarantine): void;
}

/** A cutter. */
export interface WindowCutter<B extends PointBundle> {
  readonly windower: Pick<RevolutionWindower, "accept" | "reset">;
  /** Can a bundle with this manifest share it? */
  fits(manifest: Manifest): boolean;
  /** Bundle of the windows to come; null when the next one belongs to a successor. */
  bundle: B | null;
  readonly openWindows: number;
  /** Set by the first window that began without a bundle. */
  readonly handover: Handover | null;
}

/** Creates a cutter for all bundles with the window and features of `first`. */
export function createWindowCutter<B extends PointBundle>(
  first: B,
  bearing: BearingOrders,
  sink: WindowCutterSink<B>,
): WindowCutter<B> {
  const { manifest } = first;
  const slots = countWindowSlots(manifest.window);
  const extractors = Array.from({ length: slots }, () => createWaveformExtractor(manifest.features));
  const levelSpec = manifest.baseline?.levels;
  const meters = levelSpec === undefined ? [] : extractors.map(() => createWaveformExtractor(levelSpec));
  /** Bundle of the window that is open in each slot. */
  const bundles: (B | null)[] = Array.from({ length: slots }, () => null);
  let bundle: B | null = first;
  let openWindows = 0;
  let handover: Handover | null = null;

  const close = (slot: number): B | null => {
    const open = bundles[slot] ?? null;
    bundles[slot] = null;
    if (open !== null) openWindows--;
    return open;
  };

  const windower = createRevolutionWindower(manifest.window, {
    begin: (slot, { fromMs, sampleRateHz, shaftRpm }) => {
      if (bundle === null) {
        handover ??= { slot, fromMs, offset: -1 };
        return;
      }
      bundles[slot] = bundle;
      bundle.retain();
      openWindows++;
      const context = { sampleRateHz, bearing, shaftRpm };
      extractors[slot]!.begin(context);
      meters[slot]?.begin(context);
    },
    push: (slot, counts, from, to, scale, shaftRpm) => {
      if (bundles[slot] !== null) {
        extractors[slot]!.push(counts, from, to, scale, shaftRpm);
        meters[slot]?.push(counts, from, to, scale, shaftRpm);
      } else if (handover?.slot === slot && handover.offset < 0) handover.offset = from;
    },
    end: (slot, end) => {
      const open = close(slot);
      if (open === null) return;
      const features = new Float32Array(open.manifest.features.list.length);
      extractors[slot]!.finish(features, 0);
      const levels = levelSpec === undefined ? undefined : new Float32Array(levelSpec.list.length);
      if (levels !== undefined) meters[slot]!.finish(levels, 0);
      sink.onEnd(open, features, levels, end);
      open.release();
    },
    abandon: (slot, quarantine) => {
      const open = close(slot);
      if (open === null) return;
      open.release();
      sink.onAbandon(quarantine);
    },
    refuse: (quarantine) => sink.onRefuse(quarantine),
  });

  const key = specKey(manifest);
  return {
    windower,
    fits: (other) => specKey(other) === key,
    get bundle() {
      return bundle;
    },
    set bundle(next) {
      bundle = next;
    },
    get openWindows() {
      return openWindows;
    },
    get handover() {
      return handover;
    },
  };
}

/** Bundles with the same key can share windower and extractors. */
function specKey(manifest: Manifest): string {
  return JSON.stringify([manifest.window, manifest.features, manifest.baseline?.levels]);
}
