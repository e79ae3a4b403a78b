/**
 * Cuts the stream of one measuring point into windows, whichever bundle they are for. A new bundle takes over where a window
 * begins; the window that is open is finished for the old one. Checks no data and knows nothing of models.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureWindow, PointId, Quarantine, RecordedBlock, SampleBlock } from "../contract/stream.ts";
import { createSpecCutter, type EndedWindow, type SpecCutter, type WindowBundle } from "./spec-cutter.ts";

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
  /** No block has come for long: what is open ends here. Returns it, if it is a snapshot that counts, as `accept` does. */
  pause(detail: string): readonly CutWindow<B>[];
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
    pause: (detail) => {
      ended.length = 0;
      for (const old of finishing) old.windower.pause(detail);
      finishing = [];
      current.windower.pause(detail);
      return ended;
    },
    reset,
    close: () => {
      closed = true;
      reset("closed");
    },
  };
}
