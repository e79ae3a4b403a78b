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
  onQuarantine(quarantine: Quarantine): void;
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
  /** Bundle of the windows to come; null once another cutter has taken over. */
  bundle: B | null;
  openWindows: number;
}

/** Creates a point that is watched by `bundle`. */
export function createMeasuringPoint<B extends PointBundle>(
  point: PointId,
  bearing: BearingOrders,
  bundle: B,
  sink: MeasuringPointSink<B>,
): MeasuringPoint<B> {
  let arrivedMonotonicMs = 0;
  let closed = false;

  function createCutter(first: B): Cutter<B> {
    const { manifest } = first;
    const slots = countWindowSlots(manifest.window);
    const extractors = Array.from({ length: slots }, () => createWaveformExtractor(manifest.features));
    /** Bundle of the window that is open in each slot. */
    const bundles: (B | null)[] = Array.from({ length: slots }, () => null);
    const close = (slot: number): B | null => {
      const open = bundles[slot] ?? null;
      bundles[slot] = null;
      if (open !== null) cutter.openWindows--;
      return open;
    };
    const windower = createRevolutionWindower(manifest.window, {
      begin: (slot: number, start: WindowStart) => {
        if (cutter.bundle === null) return;
        bundles[slot] = cutter.bundle;
        cutter.bundle.retain();
        cutter.openWindows++;
        extractors[slot]!.begin({ sampleRateHz: start.sampleRateHz, bearing, shaftRpm: start.shaftRpm });
      },
      push: (slot, counts, from, to, scale, shaftRpm) => {
        if (bundles[slot] !== null) extractors[slot]!.push(counts, from, to, scale, shaftRpm);
      },
      end: (slot, end) => {
        const open = close(slot);
        if (open === null) return;
        const features = new Float32Array(open.manifest.features.list.length);
        extractors[slot]!.finish(features, 0);
        const { shaftRpm } = end;
        const fromMs = Math.round(end.fromMs);
        const toMs = Math.round(end.toMs);
        const id = `${point.turbine}/${point.component}/${fromMs}`;
        if (features.every(Number.isFinite)) {
          sink.onWindow({ point, id, fromMs, toMs, shaftRpm, features, arrivedMonotonicMs }, open);
        } else {
          const names = open.manifest.features.list
            .filter((_, index) => !Number.isFinite(features[index]!))
            .map((feature) => feature.name);
          sink.onQuarantine({
            reason: "not-finite",
            deviceId: point.turbine,
            channel: point.component,
            timestampMs: fromMs,
            detail: `window ${id} says nothing about ${names.slice(0, 4).join(", ")}`,
            samples: end.samples,
          });
        }
        open.release();
      },
      abandon: (slot, quarantine) => {
        const open = close(slot);
        if (open === null) return;
        open.release();
        if (!closed) sink.onQuarantine(quarantine);
      },
      refuse: (quarantine) => {
        // While two cutters run side by side, only the newer one complains.
        if (cutter.bundle !== null) sink.onQuarantine(quarantine);
      },
    });
    const cutter: Cutter<B> = { key: specKey(manifest), windower, bundle: first, openWindows: 0 };
    return cutter;
  }

  let cutter = createCutter(bundle);
  /** Cutters of former bundles that still finish a window. */
  let finishing: Cutter<B>[] = [];
  const reset = (detail: string): void => {
    for (const old of finishing) old.windower.reset("gap", detail);
    finishing = [];
    cutter.windower.reset("gap", detail);
  };

  return {
    accept: (block, monotonicMs) => {
      arrivedMonotonicMs = monotonicMs;
      if (finishing.length > 0) {
        for (const old of finishing) old.windower.accept(block);
        finishing = finishing.filter((old) => old.openWindows > 0);
      }
      cutter.windower.accept(block);
    },
    use: (next) => {
      if (specKey(next.manifest) === cutter.key) {
        cutter.bundle = next;
        return;
      }
      cutter.bundle = null;
      if (cutter.openWindows > 0) finishing.push(cutter);
      cutter = createCutter(next);
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
  return JSON.stringify([manifest.window, manifest.features]);
}
