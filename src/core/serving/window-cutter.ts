/**
 * Cuts the stream of one measuring point into windows, whichever bundle they are for. A new bundle takes over where a window
 * begins; a window that is open is finished for the old one, unless one of the new ends first. Checks no data and knows nothing of models.
 */
import {
  composeWindow,
  composeWindowId,
  type FeatureWindow,
  type PointId,
  type Quarantine,
  type QuarantineReason,
  type RecordedBlock,
  type Reused,
  type SampleBlock,
} from "../contract/stream.ts";
import type { OpenWindows, WindowEnd } from "../window/window-sink.ts";
import {
  createSpecCutter,
  type EndedWindow,
  type HeardMachine,
  type SpecCutter,
  type SpecCutterSink,
  type WindowBundle,
} from "./spec-cutter.ts";

/** A window with the bundle that it was cut for. */
export interface CutWindow<B extends WindowBundle> {
  readonly window: FeatureWindow;
  readonly bundle: B;
}

/** What is cut, and for whom. */
interface WindowCutterOptions<B extends WindowBundle> extends HeardMachine {
  readonly point: PointId;
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
  /** The machine was changed: the snapshots that begin from now on are pooled with none before. */
  renew(): void;
  /** No block has come for long: what is open ends here. Returns it, if it is a snapshot that counts, as `accept` does. */
  pause(detail: string): readonly CutWindow<B>[];
  /** A recording that is known to be whole ended here: as {@link pause}, whatever came before it. */
  endRecording(detail: string): readonly CutWindow<B>[];
  /** Abandons what is open. */
  reset(detail: string): void;
  /** Adds the windows that are open to `span`. */
  coverOpen(span: Reused<OpenWindows>): void;
  /** Lets go of what is open without a word: an end is no bad data. */
  close(): void;
}

/** As it is kept until its block is read. */
interface KeptWindow<B extends WindowBundle> extends CutWindow<B> {
  readonly end: WindowEnd;
}

/** Creates a cutter that begins with `options.bundle`. */
export function createWindowCutter<B extends WindowBundle>(options: WindowCutterOptions<B>): WindowCutter<B> {
  return new TakeoverCutter(options);
}

class TakeoverCutter<B extends WindowBundle> implements WindowCutter<B>, SpecCutterSink<B> {
  readonly #options: WindowCutterOptions<B>;
  #ended: KeptWindow<B>[] = [];
  #arrivedMonotonicMs = 0;
  /** What feeds the point, for quarantines. */
  #deviceId = "";
  #channel = "";
  #closed = false;
  #current: SpecCutter<B>;
  /** Cutter of a bundle with another spec: takes over, to the sample, where the current one would begin a window. */
  #successor: SpecCutter<B> | null = null;
  /** Cutters of former bundles that still finish a window. */
  #finishing: readonly SpecCutter<B>[] = none;

  constructor(options: WindowCutterOptions<B>) {
    this.#options = options;
    this.#current = createSpecCutter(options.bundle, options, this);
  }

  accept(block: SampleBlock): readonly CutWindow<B>[] {
    this.#forgetEnded();
    this.#arrivedMonotonicMs = block.arrivedMonotonicMs;
    this.#deviceId = block.deviceId;
    this.#channel = block.channel;
    for (const old of this.#finishing) this.#feed(old, block);
    this.#feed(this.#current, block);
    this.#takeOver(block);
    if (this.#finishing.length > 0) this.#finishing = this.#finishing.filter((old) => old.openWindows > 0);
    return this.#ended;
  }

  use(next: B): void {
    const current = this.#current;
    if (current.fits(next.manifest)) {
      current.bundle = next;
      this.#successor = null;
      return;
    }
    current.bundle = null;
    this.#successor = createSpecCutter(next, this.#options, this);
  }

  renew(): void {
    this.#current.renew();
  }

  pause(detail: string): readonly CutWindow<B>[] {
    this.#forgetEnded();
    this.#endOpen((windower) => windower.pause(detail));
    return this.#ended;
  }

  endRecording(detail: string): readonly CutWindow<B>[] {
    this.#forgetEnded();
    this.#endOpen((windower) => windower.endRecording(detail));
    return this.#ended;
  }

  reset(detail: string): void {
    this.#endOpen((windower) => windower.reset("gap", detail));
  }

  /** Ends what is open in all windowers, of which those that were finishing are done then. */
  #endOpen(end: (windower: SpecCutter<B>["windower"]) => void): void {
    for (const { windower } of this.#finishing) end(windower);
    this.#finishing = none;
    end(this.#current.windower);
  }

  coverOpen(span: Reused<OpenWindows>): void {
    coverOpen(this.#current, span);
    for (const old of this.#finishing) coverOpen(old, span);
  }

  close(): void {
    this.#closed = true;
    this.reset("closed");
  }

  onEnd({
    bundle,
    end,
    features,
    levels,
    upperFeatures,
    isPooled,
    foreignLines,
    upperForeignLines,
    lineOrders,
    upperLineOrders,
  }: EndedWindow<B>): void {
    const { point } = this.#options;
    const fromMs = Math.round(end.fromMs);
    const toMs = Math.round(end.toMs);
    if (features.every(Number.isFinite)) {
      const window = composeWindow({
        point,
        fromMs,
        toMs,
        shaftRpm: end.shaftRpm,
        features,
        upperFeatures,
        isPooled,
        levels,
        foreignLines,
        upperForeignLines,
        lineOrders,
        upperLineOrders,
        arrivedMonotonicMs: this.#arrivedMonotonicMs,
      });
      this.#ended.push({ window, bundle, end });
      return;
    }
    const names = bundle.manifest.features.list
      .filter((_, index) => !Number.isFinite(features[index]!))
      .map((feature) => feature.name);
    const detail = `window ${composeWindowId(point, fromMs)} says nothing about ${names.slice(0, 4).join(", ")}`;
    this.#setAside({ ...end, fromMs, toMs }, "not-finite", detail);
  }

  onAbandon(quarantine: Quarantine): void {
    if (!this.#closed) this.#options.onQuarantine(quarantine, 1);
  }

  onRefuse(quarantine: Quarantine, cutter: SpecCutter<B>): void {
    // While two cutters run side by side, only the newer one complains.
    if (cutter === this.#current) this.#options.onQuarantine(quarantine, 0);
  }

  /**
   * A point changes its model once: when a window ends, what is open for bundles before its own is abandoned, and what of
   * theirs ended after it in the same block is set aside, so that blocks of any length say the same.
   */
  #feed(cutter: SpecCutter<B>, block: RecordedBlock): void {
    const before = this.#ended.length;
    cutter.windower.accept(block);
    const first = this.#ended[before];
    if (first === undefined) return;
    // Cutters count their time each from its own beginning: what is less than half a sample apart ended together.
    const lastMs = first.end.toMs + 500 / block.sampleRateHz;
    const late = this.#ended.filter(({ end }, index) => index < before && end.toMs > lastMs);
    if (late.length > 0) this.#ended = this.#ended.filter((each) => !late.includes(each));
    for (const { end } of late) this.#setAside(end, "gap", overtaken);
    for (const old of this.#finishing) {
      if (old === cutter) return;
      old.windower.reset("gap", overtaken);
    }
  }

  /** Counts a window that has ended and is not to be decided. */
  #setAside({ fromMs, toMs, samples }: WindowEnd, reason: QuarantineReason, detail: string): void {
    const quarantine: Quarantine = {
      reason,
      deviceId: this.#deviceId,
      channel: this.#channel,
      timestampMs: fromMs,
      endMs: toMs,
      detail,
      samples,
    };
    this.#options.onQuarantine(quarantine, 1);
  }

  #forgetEnded(): void {
    // Few blocks end a window: the list of the last ones is let go.
    if (this.#ended.length > 0) this.#ended = [];
  }

  #takeOver(block: RecordedBlock): void {
    const { handover } = this.#current;
    if (this.#successor === null || handover === null || handover.offset < 0) return;
    const { offset, fromMs } = handover;
    if (this.#current.openWindows > 0) this.#finishing = [...this.#finishing, this.#current];
    else this.#current.windower.reset("gap", overtaken);
    this.#current = this.#successor;
    this.#successor = null;
    this.#feed(this.#current, {
      ...block,
      firstSample: block.firstSample + offset,
      timestampMs: fromMs,
      counts: block.counts.subarray(offset),
    });
  }
}

/** Where none of a bundle's windows is open, the windower may still look for where a successor's first one begins. */
function coverOpen<B extends WindowBundle>(cutter: SpecCutter<B>, span: Reused<OpenWindows>): void {
  if (cutter.openWindows === 0) return;
  span.windows += cutter.openWindows;
  cutter.windower.coverOpen(span);
}

const none: readonly never[] = [];

const overtaken = "a window of a later bundle has ended before it";
