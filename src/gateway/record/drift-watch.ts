/**
 * Sketches every point's features, scores and levels, and reports them once per interval of the data's own time and load.
 * Holds no window; what a turbine shows while it does not operate must not come here.
 */
import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { codeLoad, decodeLoad } from "../../core/drift/load-band.ts";
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

/** Watches all points. */
export interface DriftWatch {
  /** Adds one scored window; reports what came before if an interval ended with it. */
  add(point: PointId, source: DriftSource, window: DriftWindow): void;
  /** Reports intervals in which nothing has come for as long as an interval takes; call it about once a second. */
  tick(monotonicMs: number): void;
  /** Reports every interval that is still open. */
  flush(): void;
}

/** What is watched of a point; sketchers are kept from interval to interval. */
interface WatchedPoint {
  readonly point: PointId;
  readonly source: DriftSource;
  /** By the code of the load: 259 at most. */
  readonly sketchers: Map<number, Sketcher>;
  interval: number;
  windows: number;
  fromMs: number;
  toMs: number;
  /** When `windows` was last looked at, and how many there were. */
  seenMonotonicMs: number;
  seenWindows: number;
}

/** Creates a watch whose intervals are `intervalMs` long and aligned to the epoch. */
export function createDriftWatch(intervalMs: number, report: (report: DriftReport) => void): DriftWatch {
  const turbines = new Map<string, Map<string, WatchedPoint>>();

  const close = (watched: WatchedPoint): void => {
    if (watched.windows === 0) return;
    watched.windows = 0;
    const { point, fromMs, toMs } = watched;
    const { ref } = watched.source;
    for (const [code, sketcher] of [...watched.sketchers].sort(([a], [b]) => a - b)) {
      if (sketcher.windows === 0) continue;
      const load = decodeLoad(code);
      report({
        kind: "drift-report",
        site: point.site,
        turbine: point.turbine,
        component: point.component,
        modelName: ref.name,
        modelVersion: ref.version,
        modelDigest: ref.digest,
        fromMs,
        toMs,
        ...(load === undefined ? {} : { load }),
        sketches: sketcher.take(),
      });
    }
  };
  const find = (point: PointId, source: DriftSource): WatchedPoint => {
    let components = turbines.get(point.turbine);
    if (components === undefined) {
      components = new Map();
      turbines.set(point.turbine, components);
    }
    const held = components.get(point.component);
    if (held !== undefined && held.source.ref.digest === source.ref.digest) return held;
    if (held !== undefined) close(held);
    const watched: WatchedPoint = {
      point,
      source,
      sketchers: new Map(),
      interval: 0,
      windows: 0,
      fromMs: 0,
      toMs: 0,
      seenMonotonicMs: Number.NaN,
      seenWindows: 0,
    };
    components.set(point.component, watched);
    return watched;
  };

  return {
    add: (point, source, window) => {
      const { toMs } = window;
      const watched = find(point, source);
      const interval = Math.floor(toMs / intervalMs);
      // A clock that jumps back is another interval too: nothing is merged that does not belong together.
      if (watched.interval !== interval) close(watched);
      if (watched.windows === 0) {
        watched.interval = interval;
        watched.fromMs = toMs;
        watched.toMs = toMs;
      }
      watched.windows++;
      if (toMs < watched.fromMs) watched.fromMs = toMs;
      if (toMs > watched.toMs) watched.toMs = toMs;
      const code = codeLoad(window.powerKw ?? Number.NaN, window.shaftRpm ?? Number.NaN);
      let sketcher = watched.sketchers.get(code);
      if (sketcher === undefined) {
        sketcher = createSketcher(source.reference);
        watched.sketchers.set(code, sketcher);
      }
      sketcher.update(window.features, window.scores, window.levels);
    },
    tick: (monotonicMs) => {
      for (const components of turbines.values()) {
        for (const watched of components.values()) {
          if (watched.windows === 0 || watched.windows !== watched.seenWindows) {
            watched.seenMonotonicMs = monotonicMs;
            watched.seenWindows = watched.windows;
          } else if (monotonicMs - watched.seenMonotonicMs >= intervalMs) close(watched);
        }
      }
    },
    flush: () => {
      for (const components of turbines.values()) {
        for (const watched of components.values()) close(watched);
      }
    },
  };
}
