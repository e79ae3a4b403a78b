/**
 * Cuts the stream of one measuring point into windows and computes their features, of a fast sensor in both bands. A new bundle
 * takes over where a window begins; the window that is open is finished for the old one. Checks no data and knows nothing of
 * models.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { FeatureWindow, PointId, Quarantine, RecordedBlock, SampleBlock } from "../contract/stream.ts";
import { createUpperBandExtractor } from "../features/upper-band.ts";
import { createWaveformExtractor } from "../features/waveform-extractor.ts";
import {
  countWindowSlots,
  createRevolutionWindower,
  type RevolutionWindower,
  type WindowEnd,
} from "../window/revolution-windower.ts";

/** A bundle as far as its windows are cut. */
export interface WindowBundle {
  readonly manifest: Manifest;
  /** Counts the windows that are being cut for it: it must not be closed while there are any. */
  retain(): void;
  release(): void;
}

/** A window with the bundle that it was cut for. */
export interface CutWindow<B extends WindowBundle> {
  readonly window: FeatureWindow;
  readonly bundle: B;
}

/** What is cut, and for whom. */
export interface WindowCutterOptions<B extends WindowBundle> {
  readonly point: PointId;
  readonly bearing: BearingOrders;
  readonly bundle: B;
  /** `windows` is 1 when a window was lost, 0 when samples were that no window had begun with. */
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

/** Cuts the windows of one point. */
export interface WindowCutter<B extends WindowBundle> {
  /**
   * Takes a trusted block; returns the windows that ended in it, valid until the next call. Whoever needs a window's
   * bundle beyond this turn of the event loop retains it.
   */
  accept(block: SampleBlock): readonly CutWindow<B>[];
  /** From the next window on, `bundle` is used. */
  use(bundle: B): void;
  /** Abandons what is open. */
  reset(detail: string): void;
  /** Lets go of what is open without a word: an end is no bad data. */
  close(): void;
}

/** Creates a cutter that begins with `options.bundle`. */
export function createWindowCutter<B extends WindowBundle>(options: WindowCutterOptions<B>): WindowCutter<B> {
  const { point, bearing } = options;
  const ended: CutWindow<B>[] = [];
  let arrivedMonotonicMs = 0;
  /** What feeds the point, for quarantines. */
  let source = { deviceId: "", channel: "" };
  let closed = false;
  let current = createCutter(options.bundle);
  /** Cutter of a bundle with another spec: takes over, to the sample, where the current one would begin a window. */
  let successor: SpecCutter<B> | null = null;
  /** Cutters of former bundles that still finish a window. */
  let finishing: SpecCutter<B>[] = [];

  function createCutter(first: B): SpecCutter<B> {
    const cutter = createSpecCutter(first, bearing, {
      onEnd: finish,
      onAbandon: (quarantine) => {
        if (!closed) options.onQuarantine(quarantine, 1);
      },
      onRefuse: (quarantine) => {
        // While two cutters run side by side, only the newer one complains.
        if (cutter === current) options.onQuarantine(quarantine, 0);
      },
    });
    return cutter;
  }

  function finish({ bundle, end, features, optional }: EndedWindow<B>): void {
    const fromMs = Math.round(end.fromMs);
    const toMs = Math.round(end.toMs);
    const id = `${point.turbine}/${point.component}/${fromMs}`;
    if (features.every(Number.isFinite)) {
      const { shaftRpm } = end;
      const window = { point, id, fromMs, toMs, shaftRpm, features, ...optional, arrivedMonotonicMs };
      ended.push({ window, bundle });
      return;
    }
    const names = bundle.manifest.features.list
      .filter((_, index) => !Number.isFinite(features[index]!))
      .map((feature) => feature.name);
    const quarantine: Quarantine = {
      reason: "not-finite",
      ...source,
      timestampMs: fromMs,
      detail: `window ${id} says nothing about ${names.slice(0, 4).join(", ")}`,
      samples: end.samples,
    };
    options.onQuarantine(quarantine, 1);
  }

  function takeOver(block: RecordedBlock): void {
    const { handover } = current;
    if (successor === null || handover === null || handover.offset < 0) return;
    const { offset, fromMs } = handover;
    if (current.openWindows > 0) finishing.push(current);
    current = successor;
    successor = null;
    current.windower.accept({
      ...block,
      firstSample: block.firstSample + offset,
      timestampMs: fromMs,
      counts: block.counts.subarray(offset),
    });
  }

  const reset = (detail: string): void => {
    for (const old of finishing) old.windower.reset("gap", detail);
    finishing = [];
    current.windower.reset("gap", detail);
  };

  return {
    accept: (block) => {
      ended.length = 0;
      arrivedMonotonicMs = block.arrivedMonotonicMs;
      if (block.deviceId !== source.deviceId || block.channel !== source.channel) {
        source = { deviceId: block.deviceId, channel: block.channel };
      }
      if (finishing.length > 0) {
        for (const old of finishing) old.windower.accept(block);
        finishing = finishing.filter((old) => old.openWindows > 0);
      }
      current.windower.accept(block);
      takeOver(block);
      return ended;
    },
    use: (next) => {
      if (current.fits(next.manifest)) {
        current.bundle = next;
        successor = null;
        return;
      }
      current.bundle = null;
      successor = createCutter(next);
    },
    reset,
    close: () => {
      closed = true;
      reset("closed");
    },
  };
}

/** Where the next window begins: at `offset` of the block at hand, −1 until its first sample is met there. */
interface Handover {
  readonly slot: number;
  readonly fromMs: number;
  offset: number;
}

interface EndedWindow<B extends WindowBundle> {
  readonly bundle: B;
  readonly end: WindowEnd;
  readonly features: Float32Array;
  /** Without levels where the bundle has no baseline, without an upper band where there is none or it says nothing. */
  readonly optional: Pick<FeatureWindow, "levels" | "upperFeatures">;
}

interface SpecCutterSink<B extends WindowBundle> {
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
interface SpecCutter<B extends WindowBundle> {
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
function createSpecCutter<B extends WindowBundle>(
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
      const upperFeatures = uppers[slot]!.finish();
      const levels = levelSpec === undefined ? null : new Float32Array(levelSpec.list.length);
      if (levels !== null) meters[slot]!.finish(levels, 0);
      const optional = {
        ...(upperFeatures === null ? {} : { upperFeatures }),
        ...(levels === null ? {} : { levels }),
      };
      sink.onEnd({ bundle: open, end, features, optional });
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
