/**
 * One measuring point: cuts its stream into windows and extracts their features. A new bundle takes over where a
 * window begins; the window that is open is finished for the old one. Knows nothing of models.
 */
import type { BearingOrders } from "../contract/bearing.ts";
import type { Manifest } from "../contract/manifest.ts";
import type { FeatureWindow, PointId, Quarantine, SampleBlock } from "../contract/stream.ts";
import { createWaveformExtractor } from "../features/waveform-extractor.ts";
import {
  countWindowSlots,
  createRevolutionWindower,
  type RevolutionWindower,
  type WindowEnd,
  type WindowStart,
} from "../window/revolution-windower.ts";

/** A bundle as far as a point needs it. */
export interface PointBundle {
  readonly manifest: Manifest;
  /** Counts the windows that are being cut for it: it must not be closed while there are any. */
  retain(): void;
  release(): void;
}

/** Where windows and bad data go. */
export interface MeasuringPointSink<B extends PointBundle> {
  /** A window's features; `bundle` is released after the call returns. */
  onWindow(window: FeatureWindow, bundle: B): void;
  /** `windows` is 1 when a window was lost, 0 when samples were that no window had begun with. */
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

/** One measuring point. */
export interface MeasuringPoint<B extends PointBundle> {
  /** Takes a trusted block; `arrivedMonotonicMs` is when its last byte came. */
  accept(block: SampleBlock, arrivedMonotonicMs: number): void;
  /** From the next window on, `bundle` is used. */
  use(bundle: B): void;
  /** Abandons what is open. */
  reset(detail: string): void;
  /** Lets go of what is open without a word: an end is no bad data. */
  close(): void;
}

/** A windower with its extractors, for one window and feature spec. */
interface Cutter<B> {
  readonly key: string;
  readonly windower: RevolutionWindower;
  /** Bundle of the windows to come; null when the next one belongs to a successor. */
  bundle: B | null;
  openWindows: number;
}

/** Where the next window begins: at `offset` of the block at hand, −1 until its first sample is met there. */
interface Handover {
  readonly slot: number;
  readonly fromMs: number;
  offset: number;
}

/** Creates a point that is watched by `bundle`. */
export function createMeasuringPoint<B extends PointBundle>(
  point: PointId,
  bearing: BearingOrders,
  bundle: B,
  sink: MeasuringPointSink<B>,
): MeasuringPoint<B> {
  let arrivedMonotonicMs = 0;
  /** What feeds the point, for quarantines. */
  let source = { deviceId: "", channel: "" };
  let closed = false;
  let current = createCutter(bundle);
  /** Cutter of a bundle with another spec: takes over, to the sample, where the current one would begin a window. */
  let successor: Cutter<B> | null = null;
  let handover: Handover | null = null;
  /** Cutters of former bundles that still finish a window. */
  let finishing: Cutter<B>[] = [];

  function createCutter(first: B): Cutter<B> {
    const { manifest } = first;
    const slots = countWindowSlots(manifest.window);
    const extractors = Array.from({ length: slots }, () => createWaveformExtractor(manifest.features));
    const levelSpec = manifest.baseline?.levels;
    const meters = levelSpec === undefined ? [] : extractors.map(() => createWaveformExtractor(levelSpec));
    /** Bundle of the window that is open in each slot. */
    const bundles: (B | null)[] = Array.from({ length: slots }, () => null);
    const close = (slot: number): B | null => {
      const open = bundles[slot] ?? null;
      bundles[slot] = null;
      if (open !== null) own.openWindows--;
      return open;
    };
    const windower = createRevolutionWindower(manifest.window, {
      begin: (slot: number, start: WindowStart) => {
        if (own.bundle === null) {
          if (own === current) handover ??= { slot, fromMs: start.fromMs, offset: -1 };
          return;
        }
        bundles[slot] = own.bundle;
        own.bundle.retain();
        own.openWindows++;
        const context = { sampleRateHz: start.sampleRateHz, bearing, shaftRpm: start.shaftRpm };
        extractors[slot]!.begin(context);
        meters[slot]?.begin(context);
      },
      push: (slot, counts, from, to, scale, shaftRpm) => {
        if (bundles[slot] !== null) {
          extractors[slot]!.push(counts, from, to, scale, shaftRpm);
          meters[slot]?.push(counts, from, to, scale, shaftRpm);
        } else if (own === current && handover?.slot === slot && handover.offset < 0) handover.offset = from;
      },
      end: (slot, end) => {
        const open = close(slot);
        if (open === null) return;
        const features = new Float32Array(open.manifest.features.list.length);
        extractors[slot]!.finish(features, 0);
        const levels = levelSpec === undefined ? undefined : new Float32Array(levelSpec.list.length);
        if (levels !== undefined) meters[slot]!.finish(levels, 0);
        finish(open, features, levels, end);
        open.release();
      },
      abandon: (slot, quarantine) => {
        const open = close(slot);
        if (open === null) return;
        open.release();
        if (!closed) sink.onQuarantine(quarantine, 1);
      },
      refuse: (quarantine) => {
        // While two cutters run side by side, only the newer one complains.
        if (own === current) sink.onQuarantine(quarantine, 0);
      },
    });
    const own: Cutter<B> = { key: specKey(manifest), windower, bundle: first, openWindows: 0 };
    return own;
  }

  function finish(owner: B, features: Float32Array, levels: Float32Array | undefined, end: WindowEnd): void {
    const fromMs = Math.round(end.fromMs);
    const toMs = Math.round(end.toMs);
    const id = `${point.turbine}/${point.component}/${fromMs}`;
    if (features.every(Number.isFinite)) {
      const { shaftRpm } = end;
      const window = { point, id, fromMs, toMs, shaftRpm, features, arrivedMonotonicMs };
      sink.onWindow(levels === undefined ? window : { ...window, levels }, owner);
      return;
    }
    const names = owner.manifest.features.list
      .filter((_, index) => !Number.isFinite(features[index]!))
      .map((feature) => feature.name);
    const quarantine: Quarantine = {
      reason: "not-finite",
      ...source,
      timestampMs: fromMs,
      detail: `window ${id} says nothing about ${names.slice(0, 4).join(", ")}`,
      samples: end.samples,
    };
    sink.onQuarantine(quarantine, 1);
  }

  function takeOver(block: SampleBlock): void {
    if (successor === null || handover === null || handover.offset < 0) return;
    const { offset, fromMs } = handover;
    if (current.openWindows > 0) finishing.push(current);
    current = successor;
    successor = null;
    handover = null;
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
    accept: (block, monotonicMs) => {
      arrivedMonotonicMs = monotonicMs;
      if (block.deviceId !== source.deviceId || block.channel !== source.channel) {
        source = { deviceId: block.deviceId, channel: block.channel };
      }
      if (finishing.length > 0) {
        for (const old of finishing) old.windower.accept(block);
        finishing = finishing.filter((old) => old.openWindows > 0);
      }
      current.windower.accept(block);
      takeOver(block);
    },
    use: (next) => {
      if (specKey(next.manifest) === current.key) {
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

/** Bundles with the same key can share windower and extractors. */
function specKey(manifest: Manifest): string {
  return JSON.stringify([manifest.window, manifest.features, manifest.baseline?.levels]);
}
