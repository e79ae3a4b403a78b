/**
 * One record of the uplink ↔ bytes. A record that this version does not know, or that breaks its bounds, is decoded
 * as an event that says so: it still takes its sequence, or one bad record would hold up its lane for ever.
 */
import type { Lane } from "../contract/topics.ts";
import {
  gapReasons,
  type HealthRecord,
  toldUpdateSteps,
  type UplinkRecord,
} from "../contract/uplink-record.ts";
import { packDriftReport, unpackDriftReport } from "./drift-report-codec.ts";
import { packEvidencePiece, unpackEvidencePiece } from "./evidence-piece-codec.ts";
import { packPredictionBatch, unpackPredictionBatch } from "./prediction-batch-codec.ts";
import {
  asCount,
  asText,
  compact,
  decodePlain,
  laneNumber,
  laneOfNumber,
  maxAlertIdLength,
  maxAlertJsonLength,
  maxDetailLength,
  maxReasons,
  type Plain,
  recordType,
  WireRangeError,
} from "./uplink-schema.ts";

/** Name of the event that stands for a record of a kind that this version does not know. */
const unknownRecordEvent = "record.unknown";
/** Name of the event that stands for a record that broke its bounds. */
const invalidRecordEvent = "record.invalid";

/** Bytes of one record, to be kept as they are until they are sent. Throws {@link WireRangeError} for values out of bounds (a bug of the caller). */
export function encodeRecord(record: UplinkRecord): Uint8Array {
  return recordType.encode(packBody(record)).finish().slice();
}

/** The record in `bytes`, of which nothing is a view. Throws for bytes that are no message at all. */
export function decodeRecord(bytes: Uint8Array): UplinkRecord {
  return unpackRecord(decodePlain(recordType, bytes));
}

/** The record of a decoded message; never throws. */
function unpackRecord(plain: Plain): UplinkRecord {
  try {
    return (
      unpackBody(plain) ?? standIn(unknownRecordEvent, "a kind of record that this version does not know")
    );
  } catch (error) {
    if (!(error instanceof WireRangeError)) throw error;
    return standIn(invalidRecordEvent, error.message);
  }
}

function standIn(name: string, detail: string): UplinkRecord {
  return { kind: "event", timeMs: 0, name, subject: "uplink", detail };
}

function packBody(record: UplinkRecord): Record<string, Plain> {
  switch (record.kind) {
    case "prediction-batch":
      return { predictionBatch: packPredictionBatch(record) };
    case "alert":
      return {
        alert: {
          id: asText(record.id, "id", maxAlertIdLength),
          json: asText(record.json, "json", maxAlertJsonLength),
        },
      };
    case "drift-report":
      return { driftReport: packDriftReport(record) };
    case "health":
      return { health: packHealth(record) };
    case "event":
      return {
        event: compact({
          timeMs: toTime(record.timeMs),
          name: asText(record.name, "name"),
          subject: shorten(record.subject, 256),
          detail: shorten(record.detail, maxDetailLength),
        }),
      };
    case "update":
      return {
        update: compact({
          timeMs: toTime(record.timeMs),
          modelName: asText(record.modelName, "modelName"),
          fromVersion: asText(record.fromVersion, "fromVersion"),
          toVersion: asText(record.toVersion, "toVersion"),
          step: toldUpdateSteps.indexOf(record.step) + 1,
          detail: shorten(record.detail, maxDetailLength),
        }),
      };
    case "gap":
      return {
        gap: compact({
          lane: laneNumber(record.lane),
          records: asCount(record.records, "records"),
          fromMs: toTime(record.fromMs),
          toMs: toTime(record.toMs),
          reason: record.reason === undefined ? 0 : gapReasons.indexOf(record.reason) + 1,
          windows: record.windows === undefined ? 0 : asCount(record.windows, "windows") + 1,
          samples: record.samples === undefined ? 0 : asCount(record.samples, "samples") + 1,
        }),
      };
    case "evidence-piece":
      return { evidencePiece: packEvidencePiece(record) };
  }
}

function unpackBody(plain: Plain): UplinkRecord | undefined {
  const body = (name: string): Plain | undefined => plain[name] as Plain | undefined;
  const batch = body("predictionBatch");
  if (batch !== undefined) return unpackPredictionBatch(batch);
  const alert = body("alert");
  if (alert !== undefined) {
    return {
      kind: "alert",
      id: asText(alert.id, "id", maxAlertIdLength),
      json: asText(alert.json, "json", maxAlertJsonLength),
    };
  }
  const report = body("driftReport");
  if (report !== undefined) return unpackDriftReport(report);
  const health = body("health");
  if (health !== undefined) return unpackHealth(health);
  const event = body("event");
  if (event !== undefined) {
    return {
      kind: "event",
      timeMs: asCount(event.timeMs, "timeMs"),
      name: asText(event.name, "name"),
      subject: asText(event.subject, "subject"),
      detail: asText(event.detail, "detail", maxDetailLength),
    };
  }
  const update = body("update");
  if (update !== undefined) return unpackUpdate(update);
  const piece = body("evidencePiece");
  if (piece !== undefined) return unpackEvidencePiece(piece);
  const gap = body("gap");
  return gap === undefined ? undefined : unpackGap(gap);
}

function unpackUpdate(plain: Plain): UplinkRecord | undefined {
  const step = toldUpdateSteps[asCount(plain.step, "step") - 1];
  if (step === undefined) return undefined;
  return {
    kind: "update",
    timeMs: asCount(plain.timeMs, "timeMs"),
    modelName: asText(plain.modelName, "modelName"),
    fromVersion: asText(plain.fromVersion, "fromVersion"),
    toVersion: asText(plain.toVersion, "toVersion"),
    step,
    detail: asText(plain.detail, "detail", maxDetailLength),
  };
}

function unpackGap(plain: Plain): UplinkRecord | undefined {
  const lane: Lane | undefined = laneOfNumber(plain.lane);
  if (lane === undefined) return undefined;
  const reason = gapReasons[asCount(plain.reason, "reason") - 1];
  const windows = asCount(plain.windows, "windows");
  const samples = asCount(plain.samples, "samples");
  return {
    kind: "gap",
    lane,
    records: asCount(plain.records, "records"),
    fromMs: asCount(plain.fromMs, "fromMs"),
    toMs: asCount(plain.toMs, "toMs"),
    ...(reason === undefined ? {} : { reason }),
    ...(windows === 0 ? {} : { windows: windows - 1 }),
    ...(samples === 0 ? {} : { samples: samples - 1 }),
  };
}

const healthCounts = [
  "uptimeMs",
  "rssBytes",
  "windowsProcessed",
  "windowsQuarantined",
  "windowsDropped",
  "outboxRecords",
] as const;

function packHealth(record: HealthRecord): Plain {
  const reasons = Object.entries(record.quarantined);
  if (reasons.length > maxReasons) throw new WireRangeError(`${reasons.length} quarantine reasons`);
  const counts = healthCounts.map((name) => [name, asCount(Math.round(record[name]), name)] as const);
  return {
    ...compact({ timeMs: toTime(record.timeMs), ...Object.fromEntries(counts) }),
    quarantined: Object.fromEntries(
      reasons.map(([reason, count]) => [asText(reason, "reason"), asCount(count, reason)]),
    ),
  };
}

function unpackHealth(plain: Plain): UplinkRecord {
  const quarantined = Object.entries(plain.quarantined as Plain);
  if (quarantined.length > maxReasons) throw new WireRangeError(`${quarantined.length} quarantine reasons`);
  const count = (name: (typeof healthCounts)[number]): number => asCount(plain[name], name);
  return {
    kind: "health",
    timeMs: asCount(plain.timeMs, "timeMs"),
    uptimeMs: count("uptimeMs"),
    rssBytes: count("rssBytes"),
    windowsProcessed: count("windowsProcessed"),
    windowsQuarantined: count("windowsQuarantined"),
    windowsDropped: count("windowsDropped"),
    quarantined: Object.fromEntries(
      quarantined.map(([reason, value]) => [asText(reason, "reason"), asCount(value, reason)]),
    ),
    outboxRecords: count("outboxRecords"),
  };
}

function toTime(timeMs: number): number {
  return asCount(Math.round(timeMs), "time");
}

function shorten(text: string, max: number): string {
  // Free text may come from a device: what it may not hold is shown and not refused.
  const clean = text.replaceAll("\u0000", "\ufffd");
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}
