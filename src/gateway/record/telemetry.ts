/** What the collector shall know, as records for the outbox: thinned predictions, drift, health, events, updates. */
import type { AlertEvent } from "../../core/contract/alert.ts";
import { namePoint } from "../../core/contract/name-point.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { PointId, Quarantine, SchemaDrift } from "../../core/contract/stream.ts";
import type { DriftReport, GapReason, GapRecord, UplinkRecord } from "../../core/contract/uplink-record.ts";
import { isOperating } from "../../core/decision/operating-state.ts";
import { type ModelOutcome, outcomeEventName } from "../../core/drift/outcome-event.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { ScoredWindow } from "../../core/serving/loaded-bundle.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import type { DataQuality } from "./data-quality.ts";
import { createDriftReporter, type DriftSource, type DriftWindow } from "./drift-reporter.ts";
import { type LossMark, noLossMark } from "./loss-mark.ts";
import { createPredictionThinner } from "./prediction-thinner.ts";
import { joinSpans } from "./record-span.ts";

export interface Telemetry {
  /** A kill would lose more than before: a window that waits to be decided. */
  workDue(): void;
  /** The same of samples that wait to be cut or are in open windows: said before whoever sent them hears that they came. */
  samplesDue(): void;
  /** Data, or a window of them, was set aside or could not be decided, which the next health record tells: a kill takes that until then. */
  setAside(span: Pick<Quarantine, "timestampMs" | "endMs">, windows: 0 | 1): void;
  /** Nobody will decide on windows of this time, epoch ms: whoever had them was killed, or all was stopped. */
  lost(span: OpenWindows, reason: "killed" | "stopped"): void;
  /** Of so many samples of this time no windows were cut: there was no room for them. */
  overload(span: OpenWindows, samples: number): void;
  decision(decision: Decision, scored: ScoredWindow | null): void;
  /** A row that was scored outside of a measuring point, in operation. */
  drift(point: PointId, source: DriftSource, row: DriftWindow): void;
  /** Calls back with every drift report from now on, once it is on its way. */
  onDriftReport(callback: (report: DriftReport) => void): void;
  alert(event: AlertEvent): void;
  schemaDrift(drift: SchemaDrift): void;
  event(name: string, subject: string, detail: string): void;
  /** Somebody has looked at a machine, of which a model had said so much at `atMs`. */
  outcome(point: PointId, outcome: ModelOutcome, atMs: number): void;
  /** Health when it is due, and batches that are old enough; call it about once a second. */
  tick(): void;
  /** Everything that is still gathered. */
  flush(): void;
}

interface TelemetryOptions {
  /** `fromMs` as the outbox takes it. */
  readonly append: (record: UplinkRecord, fromMs?: number) => void;
  readonly outboxRecords: () => number;
  readonly quality: DataQuality;
  readonly clock: Clock;
  readonly driftIntervalMs: number;
  readonly predictionIntervalMs: number;
  readonly healthIntervalMs: number;
  /** Says after a kill what was gathered; default none. */
  readonly mark?: LossMark;
  /** Windows that are open or wait to be decided, and samples that wait to be cut, which a kill loses as well; default none. */
  readonly undecided?: () => OpenWindows | null;
}

/** Creates the telemetry of a gateway. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { append, clock, quality } = options;
  const startedMonotonicMs = clock.monotonicMs();
  let healthDueMs = startedMonotonicMs;
  const driftCallbacks: ((report: DriftReport) => void)[] = [];
  const drift = createDriftReporter(options.driftIntervalMs, (report) => {
    append(report);
    for (const callback of driftCallbacks) callback(report);
  });
  const rowMs = options.predictionIntervalMs;
  const thinner = createPredictionThinner(append, {
    rowMs,
    batchMs: rowMs * Math.max(1, Math.min(5, Math.floor(300_000 / rowMs))),
  });

  const { mark = noLossMark, undecided = () => null } = options;
  let isNoteDue = false;
  /** What was set aside since the last health record, in whole seconds: the mark is written no oftener. */
  let untold: OpenWindows | null = null;
  const noteHeldSoon = (): void => {
    if (isNoteDue) return;
    isNoteDue = true;
    // What came together is decided by then, and the mark says it in one write.
    setImmediate(noteHeld);
  };
  const noteHeld = (): void => {
    isNoteDue = false;
    const predictions = joinHeld(joinHeld(thinner.held, undecided()), untold);
    const sketches = drift.held;
    mark.note({
      "open-predictions": predictions === null ? null : { records: 0, ...predictions },
      "open-drift": sketches === null ? null : { records: 0, ...sketches },
    });
  };

  const health = (): void => {
    const { processed, quarantined, dropped, byReason } = quality.total;
    const record = {
      kind: "health",
      timeMs: clock.nowMs(),
      uptimeMs: Math.round(clock.monotonicMs() - startedMonotonicMs),
      rssBytes: process.memoryUsage.rss(),
      windowsProcessed: processed,
      windowsQuarantined: quarantined,
      windowsDropped: dropped,
      quarantined: { ...byReason },
      outboxRecords: options.outboxRecords(),
    } as const;
    append(record, untold?.fromMs);
    untold = null;
  };
  const declare = (
    reason: GapReason,
    { fromMs, toMs }: Pick<OpenWindows, "fromMs" | "toMs">,
    size: Pick<GapRecord, "windows" | "samples">,
  ): void => {
    const span = { fromMs: Math.floor(fromMs), toMs: Math.ceil(toMs) };
    append({ kind: "gap", lane: "prediction", reason, records: 0, ...span, ...size });
  };
  const event = (name: string, subject: string, detail: string): void =>
    append({ kind: "event", timeMs: clock.nowMs(), name, subject, detail: detail.slice(0, 1000) });
  const outcome = (point: PointId, found: ModelOutcome, timeMs: number): void => {
    const detail = JSON.stringify(found);
    append({ kind: "event", timeMs, name: outcomeEventName, subject: namePoint(point), detail });
  };

  return {
    workDue: noteHeldSoon,
    samplesDue: noteHeld,
    setAside: ({ timestampMs, endMs = timestampMs }, windows) => {
      const nowMs = clock.nowMs();
      // A block may have been set aside for its very time.
      const isKnown = windows === 1 || Math.abs(timestampMs - nowMs) < dayMs;
      const fromMs = Math.floor((isKnown ? timestampMs : nowMs) / 1000) * 1000;
      const toMs = Math.ceil((isKnown ? endMs : nowMs) / 1000) * 1000;
      untold = joinHeld(untold, { windows, fromMs, toMs });
      noteHeldSoon();
    },
    lost: ({ windows, ...span }, reason) => declare(reason, span, windows === 0 ? {} : { windows }),
    overload: (span, samples) => declare("overload", span, { samples }),
    decision: (decision, scored) => {
      if (scored === null) return;
      const { window, output, bundle } = scored;
      thinner.update(decision, window.shaftRpm);
      const { point, toMs } = decision;
      const { features, levels, shaftRpm } = window;
      // A turbine that stands by is not like one that runs, and has not drifted.
      if (features.length > 0 && isOperating(decision.operatingState)) {
        // Of the lower band, as the reference is.
        const { logits: scores } = output.bands?.lower ?? output;
        drift.add(point, bundle, { toMs, features, scores, levels, powerKw: scored.powerKw, shaftRpm });
      }
      noteHeldSoon();
    },
    drift: (point, source, row) => {
      drift.add(point, source, row);
      noteHeldSoon();
    },
    onDriftReport: (callback) => {
      driftCallbacks.push(callback);
    },
    alert: (alert) => append({ kind: "alert", id: alert.id, json: JSON.stringify(alert) }),
    schemaDrift: (change) => {
      const detail = `expected ${change.expected}, got ${change.actual}`;
      event(`schema-drift.${change.change}`, `${change.deviceId}/${change.channel}`, detail);
    },
    event,
    outcome,
    tick: () => {
      thinner.tick(clock.monotonicMs());
      drift.tick(clock.monotonicMs());
      noteHeld();
      if (clock.monotonicMs() < healthDueMs) return;
      healthDueMs = clock.monotonicMs() + options.healthIntervalMs;
      health();
    },
    flush: () => {
      thinner.flush();
      drift.flush();
      noteHeld();
      health();
    },
  };
}

function joinHeld(one: OpenWindows | null, other: OpenWindows | null): OpenWindows | null {
  if (one === null || other === null) return one ?? other;
  return { windows: one.windows + other.windows, ...joinSpans(one, other) };
}
