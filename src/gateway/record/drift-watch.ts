/** Sketches every point's features and scores, and reports them once per interval of the data's own time. */
import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { createSketcher, type Sketcher } from "../../core/drift/sketcher.ts";

/** A bundle as far as drift needs it. */
export interface DriftSource {
  readonly ref: ModelRef;
  readonly reference: DriftReference;
}

/** What was scored, with the features and scores that it had. */
export interface DriftWindow {
  /** When it ended, epoch ms. */
  readonly toMs: number;
  readonly features: Float32Array;
  readonly scores: Float64Array;
}

/** Watches all points. */
export interface DriftWatch {
  /** Adds one scored window; reports what came before if an interval ended with it. */
  add(point: PointId, source: DriftSource, window: DriftWindow): void;
  /** Reports every interval that is still open. */
  flush(): void;
}

interface OpenInterval {
  readonly point: PointId;
  readonly ref: ModelRef;
  readonly sketcher: Sketcher;
  readonly interval: number;
  fromMs: number;
  toMs: number;
}

/** Creates a watch whose intervals are `intervalMs` long and aligned to the epoch. */
export function createDriftWatch(intervalMs: number, report: (report: DriftReport) => void): DriftWatch {
  const open = new Map<string, OpenInterval>();

  const close = (key: string, entry: OpenInterval): void => {
    open.delete(key);
    const sketches = entry.sketcher.take();
    if (sketches.length === 0) return;
    report({
      kind: "drift-report",
      site: entry.point.site,
      turbine: entry.point.turbine,
      component: entry.point.component,
      modelName: entry.ref.name,
      modelVersion: entry.ref.version,
      modelDigest: entry.ref.digest,
      fromMs: entry.fromMs,
      toMs: entry.toMs,
      sketches,
    });
  };

  return {
    add: (point, source, { toMs, features, scores }) => {
      const key = `${point.turbine}/${point.component}`;
      const interval = Math.floor(toMs / intervalMs);
      const held = open.get(key);
      // A clock that jumps back is another interval too: nothing is merged that does not belong together.
      if (held !== undefined && (held.interval !== interval || held.ref.digest !== source.ref.digest)) {
        close(key, held);
      }
      let entry = open.get(key);
      if (entry === undefined) {
        const sketcher = createSketcher(source.reference);
        entry = { point, ref: source.ref, sketcher, interval, fromMs: toMs, toMs };
        open.set(key, entry);
      }
      entry.sketcher.update(features, scores);
      entry.fromMs = Math.min(entry.fromMs, toMs);
      entry.toMs = Math.max(entry.toMs, toMs);
    },
    flush: () => {
      for (const [key, entry] of [...open]) close(key, entry);
    },
  };
}
