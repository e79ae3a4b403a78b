/**
 * One measuring point: cuts its stream into windows and extracts their features. A new bundle takes over where a
 * window begins; the window that is open is finished for the old one. Knows nothing of models.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureWindow, PointId, Quarantine, SampleBlock } from "../contract/stream.ts";
import type { WindowEnd } from "../window/revolution-windower.ts";
import { createWindowCutter, type PointBundle, type WindowCutter } from "./window-cutter.ts";

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
  let successor: WindowCutter<B> | null = null;
  /** Cutters of former bundles that still finish a window. */
  let finishing: WindowCutter<B>[] = [];

  function createCutter(first: B): WindowCutter<B> {
    const cutter = createWindowCutter(first, bearing, {
      onEnd: finish,
      onAbandon: (quarantine) => {
        if (!closed) sink.onQuarantine(quarantine, 1);
      },
      onRefuse: (quarantine) => {
        // While two cutters run side by side, only the newer one complains.
        if (cutter === current) sink.onQuarantine(quarantine, 0);
      },
    });
    return cutter;
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
