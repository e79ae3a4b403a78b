/**
 * Sketches every point's features, scores and levels, and reports them once per interval of the data's own time, with the
 * load of that interval: its mean power, as SCADA's own ten minutes have one. Holds no window; what a turbine shows while it
 * does not operate must not come here.
 */

import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { findLoad } from "../../core/drift/load-band.ts";
import { createSketcher, type Sketcher } from "../../core/drift/sketcher.ts";

/** A bundle as far as drift needs it. */
export interface DriftSource {
  readonly ref: ModelRef;
  readonly reference: DriftReference;
}

/** What was scored while the turbine operated, with the features and scores that it had. */
export interface DriftWindow {
  /** When it ended, epoch ms. */
  readonly toMs: number;
  readonly features: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  /** dB, NaN where not heard; absent: its bundle knows none. */
  readonly levels?: ArrayLike<number> | undefined;
  /** Of the turbine; NaN or absent: not known. */
  readonly powerKw?: number | undefined;
  /** NaN or absent: not known. */
  readonly shaftRpm?: number | undefined;
}

/** Of all points. */
export interface DriftReporter {
  /** Adds one scored window; reports what came before if an interval ended with it. */
  add(point: PointId, source: DriftSource, window: DriftWindow): void;
  /** Reports intervals in which nothing has come for as long as an interval takes; call it about once a second. */
  tick(monotonicMs: number): void;
  /** Reports every interval that is still open. */
  flush(): void;
  /** Windows of intervals that are still open, of all points; null: none. */
  readonly held: { readonly windows: number; readonly fromMs: number; readonly toMs: number } | null;
}

/** What is sketched of a point; the sketcher is kept from interval to interval. */
interface SketchedPoint {
  readonly point: PointId;
  readonly source: DriftSource;
  readonly sketcher: Sketcher;
  interval: number;
  fromMs: number;
  toMs: number;
  readonly power: KnownMean;
  readonly speed: KnownMean;
  /** When the number of windows was last another one, and which it was. */
  seenMonotonicMs: number;
  seenWindows: number;
}

/** Mean of what is above 0, over the windows that know it. */
interface KnownMean {
  sum: number;
  count: number;
}

/** Creates a reporter whose intervals are `intervalMs` long and aligned to the epoch. */
export function createDriftReporter(
  intervalMs: number,
  report: (report: DriftReport) => void,
): DriftReporter {
  const turbines = new Map<string, readonly SketchedPoint[]>();

  const close = (sketched: SketchedPoint): void => {
    const { sketcher, fromMs, toMs, power, speed } = sketched;
    const { windows } = sketcher;
    if (windows === 0) return;
    const { ref } = sketched.source;
    const { site, turbine, component } = sketched.point;
    const load = findLoad(takeMean(power, windows), takeMean(speed, windows));
    report({
      kind: "drift-report",
      site,
      turbine,
      component,
      modelName: ref.name,
      modelVersion: ref.version,
      modelDigest: ref.digest,
      fromMs,
      toMs,
      ...(load === undefined ? {} : { load }),
      sketches: sketcher.take(),
    });
  };
  const find = (point: PointId, source: DriftSource): SketchedPoint => {
    const ofTurbine = turbines.get(point.turbine) ?? [];
    const held = ofTurbine.find((each) => each.point.component === point.component);
    if (held !== undefined && held.source.ref.digest === source.ref.digest) return held;
    if (held !== undefined) close(held);
    const sketched: SketchedPoint = {
      point,
      source,
      sketcher: createSketcher(source.reference),
      interval: 0,
      fromMs: 0,
      toMs: 0,
      power: { sum: 0, count: 0 },
      speed: { sum: 0, count: 0 },
      seenMonotonicMs: Number.NaN,
      seenWindows: 0,
    };
    turbines.set(
      point.turbine,
      held === undefined
        ? ofTurbine.concat(sketched)
        : ofTurbine.map((each) => (each === held ? sketched : each)),
    );
    return sketched;
  };

  return {
    add: (point, source, window) => {
      const { toMs } = window;
      const sketched = find(point, source);
      const interval = Math.floor(toMs / intervalMs);
      // A clock that jumps back is another interval too: nothing is merged that does not belong together.
      if (sketched.interval !== interval) close(sketched);
      const { sketcher } = sketched;
      if (sketcher.windows === 0) {
        sketched.interval = interval;
        sketched.fromMs = toMs;
        sketched.toMs = toMs;
      }
      if (toMs < sketched.fromMs) sketched.fromMs = toMs;
      if (toMs > sketched.toMs) sketched.toMs = toMs;
      addKnown(sketched.power, window.powerKw);
      addKnown(sketched.speed, window.shaftRpm);
      sketcher.update(window.features, window.scores, window.levels);
    },
    tick: (monotonicMs) => {
      for (const sketchedPoints of turbines.values()) {
        for (const sketched of sketchedPoints) {
          const { windows } = sketched.sketcher;
          if (windows === 0 || windows !== sketched.seenWindows) {
            sketched.seenMonotonicMs = monotonicMs;
            sketched.seenWindows = windows;
          } else if (monotonicMs - sketched.seenMonotonicMs >= intervalMs) close(sketched);
        }
      }
    },
    flush: () => {
      for (const sketchedPoints of turbines.values()) {
        for (const sketched of sketchedPoints) close(sketched);
      }
    },
    // Asked after every window: nothing is allocated a point.
    get held() {
      let windows = 0;
      let fromMs = Number.POSITIVE_INFINITY;
      let toMs = Number.NEGATIVE_INFINITY;
      for (const sketchedPoints of turbines.values()) {
        for (const sketched of sketchedPoints) {
          if (sketched.sketcher.windows === 0) continue;
          windows += sketched.sketcher.windows;
          if (sketched.fromMs < fromMs) fromMs = sketched.fromMs;
          if (sketched.toMs > toMs) toMs = sketched.toMs;
        }
      }
      return windows === 0 ? null : { windows, fromMs, toMs };
    },
  };
}

function addKnown(mean: KnownMean, value: number | undefined): void {
  if (value === undefined || !(value > 0)) return;
  mean.sum += value;
  mean.count++;
}

/** NaN unless most of the windows know it; begins anew. */
function takeMean(mean: KnownMean, windows: number): number {
  const { sum, count } = mean;
  mean.sum = 0;
  mean.count = 0;
  return 2 * count > windows ? sum / count : Number.NaN;
}
