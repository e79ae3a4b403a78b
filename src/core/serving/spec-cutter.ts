/**
 * Cuts windows of one specification and computes their features, of a fast sensor in both bands. Snapshots, shorter than a
 * window, are pooled (src/adr/0037): each becomes a window of its own levels, with features of the last ones together.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { FeatureWindow, Quarantine } from "../contract/stream.ts";
import { fewestRevolutions } from "../features/spectrum-pool.ts";
import { createUpperBandExtractor } from "../features/upper-band.ts";
import { createWaveformExtractor } from "../features/waveform-extractor.ts";
import {
  countWindowSlots,
  createRevolutionWindower,
  type RevolutionWindower,
  type WindowEnd,
  type WindowSink,
} from "../window/revolution-windower.ts";

/** A bundle as far as its windows are cut. */
export interface WindowBundle {
  readonly manifest: Manifest;
  /** Counts the windows that are being cut for it: it must not be closed while there are any. */
  retain(): void;
  release(): void;
}

/** Where the next window begins: at `offset` of the block at hand, −1 until its first sample is met there. */
interface Handover {
  readonly slot: number;
  readonly fromMs: number;
  offset: number;
}

export interface EndedWindow<B extends WindowBundle> {
  readonly bundle: B;
  readonly end: WindowEnd;
  readonly features: Float32Array;
  /** Without levels where the bundle has no baseline, without an upper band where there is none or it says nothing. */
  readonly optional: Pick<FeatureWindow, "levels" | "upperFeatures">;
}

export interface SpecCutterSink<B extends WindowBundle> {
  onEnd(ended: EndedWindow<B>): void;
  /** A window that had begun was lost. */
  onAbandon(quarantine: Quarantine): void;
  /** Samples were lost that no window had begun with. */
  onRefuse(quarantine: Quarantine): void;
}

/**
 * A windower with its extractors, for one window and feature spec. Without a bundle to begin a window with it finds out
 * where its successor takes over.
 */
export interface SpecCutter<B extends WindowBundle> {
  readonly windower: Pick<RevolutionWindower, "accept" | "pause" | "reset">;
  /** Can a bundle with this manifest share it? */
  fits(manifest: Manifest): boolean;
  /** Bundle of the windows to come; null when the next one belongs to a successor. */
  bundle: B | null;
  readonly openWindows: number;
  /** Set by the first window that began without a bundle. */
  readonly handover: Handover | null;
}

/** What was read of a window's samples, but for its levels. */
interface ReadWindow extends Pick<EndedWindow<WindowBundle>, "end" | "features"> {
  readonly upperFeatures: Float32Array | null;
}

/** Creates a cutter for all bundles with the window and features of `first`. */
export function createSpecCutter<B extends WindowBundle>(
  first: B,
  bearing: BearingOrders,
  sink: SpecCutterSink<B>,
): SpecCutter<B> {
  const { manifest } = first;
  const slots = countWindowSlots(manifest.window);
  const extractors = Array.from({ length: slots }, () => createWaveformExtractor(manifest.features));
  const uppers = extractors.map(() => createUpperBandExtractor(manifest.features));
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

  const emit = (slot: number, open: B, window: ReadWindow): void => {
    const { end, features, upperFeatures } = window;
    const levels = levelSpec === undefined ? null : new Float32Array(levelSpec.list.length);
    if (levels !== null) meters[slot]!.finish(levels, 0);
    const optional = {
      ...(upperFeatures === null ? {} : { upperFeatures }),
      ...(levels === null ? {} : { levels }),
    };
    sink.onEnd({ bundle: open, end, features, optional });
    open.release();
  };
  const snapshot: WindowSink["snapshot"] = (slot, end) => {
    const open = close(slot);
    if (open === null) return;
    const features = new Float32Array(open.manifest.features.list.length);
    const revolutions = extractors[slot]!.finishPooled(features, 0);
    const upperFeatures = uppers[slot]!.finishPooled();
    if (revolutions >= fewestRevolutions) emit(slot, open, { end, features, upperFeatures });
    else open.release();
  };

  const windower = createRevolutionWindower(manifest.window, {
    ...(extractors.every(({ poolsSnapshots }) => poolsSnapshots) ? { snapshot } : {}),
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
      uppers[slot]!.begin(context);
      meters[slot]?.begin(context);
    },
    push: (slot, run) => {
      if (bundles[slot] !== null) {
        extractors[slot]!.push(run);
        uppers[slot]!.push(run);
        meters[slot]?.push(run);
      } else if (handover?.slot === slot && handover.offset < 0) handover.offset = run.from;
    },
    end: (slot, end) => {
      const open = close(slot);
      if (open === null) return;
      const features = new Float32Array(open.manifest.features.list.length);
      extractors[slot]!.finish(features, 0);
      emit(slot, open, { end, features, upperFeatures: uppers[slot]!.finish() });
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

/** One text a manifest, for all points that it serves. */
const specKeys = new WeakMap<Manifest, string>();

/** Bundles with the same key can share windower and extractors. */
function specKey(manifest: Manifest): string {
  let key = specKeys.get(manifest);
  if (key === undefined) {
    key = JSON.stringify([manifest.window, manifest.features, manifest.baseline?.levels]);
    specKeys.set(manifest, key);
  }
  return key;
}
