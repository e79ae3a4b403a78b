/**
 * Opens an envelope of the uplink, and reads and checks its records one by one, each when it is asked for. Bad content is
 * a value: it is set aside and counted, and never blocks its lane. Stores nothing.
 */

import { alertEventSchema } from "../../core/contract/alert.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { idPattern } from "../../core/contract/topics.ts";
import type {
  AlertRecord,
  DriftReport,
  PredictionBatch,
  UplinkRecord,
} from "../../core/contract/uplink-record.ts";
import { type EnvelopeHeader, openUplinkEnvelope } from "../../core/wire/envelope-codec.ts";
import { decodeRecord } from "../../core/wire/record-codec.ts";
import { longestWaitMs, maxAheadMs } from "../record/clock-rules.ts";
import type { RecordFault, StorableRecord, UplinkMessage } from "../record/fleet-record.ts";
import { recordBounds } from "../record/record-bounds.ts";
import type { GatewaySites } from "./gateway-sites.ts";

/** What records are held against. */
export interface RecordLimits {
  readonly sites: GatewaySites;
  readonly nowMs: number;
  /** Is it known that it is later than that? Default: no. */
  readonly isBehind?: boolean;
  /** For how long drift is kept, ms: what is older is not taken in. */
  readonly driftKeptMs: number;
  /** Bins of each column that a model's drift reference has; undefined: the model is not known here. */
  readonly driftBinsOf: (modelDigest: string) => readonly number[] | undefined;
}

/** Who sent a record, and what it is held against. */
interface RecordSender {
  readonly gateway: string;
  /** Site whose turbines it may speak of; null: of any. */
  readonly site: string | null;
  readonly limits: RecordLimits;
}

/** An envelope of a gateway that may send it. */
export interface OpenedEnvelope {
  readonly header: EnvelopeHeader;
  readonly message: UplinkMessage;
  /** How many records it holds. */
  readonly count: number;
  /** Reads one, from 0: what may be stored of it, or why nothing may. */
  read(index: number): Result<StorableRecord, RecordFault>;
}

/** The envelope in a message of `<base>/gateway/<gateway>/up/<lane>`, or why the whole message is set aside. */
export function openEnvelope(
  message: UplinkMessage,
  limits: RecordLimits,
): Result<OpenedEnvelope, RecordFault> {
  const opened = openUplinkEnvelope(message.payload);
  if (!opened.ok) return failed({ reason: "envelope-invalid", detail: opened.error.message });
  const header = opened.value;
  const { gateway, lane, records } = header;
  if (!message.topic.endsWith(`/${gateway}/up/${lane}`)) {
    const detail = "the envelope names another gateway or lane than its topic";
    return failed({ reason: "topic-mismatch", detail });
  }
  const site = limits.sites.get(gateway);
  if (site === null)
    return failed({ reason: "not-enrolled", detail: `${gateway} is not an enrolled gateway` });
  const sender = { gateway, site: site ?? null, limits };
  const read = (index: number): Result<StorableRecord, RecordFault> => readRecord(records[index]!, sender);
  return ok({ header, message, count: records.length, read });
}

/** First byte of a record that holds a batch of predictions: field 1, with a length (`uplink.proto`). */
const predictionBatchTag = (1 << 3) | 2;

/** A record that no check was made for costs itself, and not the batch that it came in. */
function readRecord(bytes: Uint8Array, sender: RecordSender): Result<StorableRecord, RecordFault> {
  if (bytes[0] === predictionBatchTag && bytes.length > recordBounds.predictionBytes) {
    const detail = `${sender.gateway} sends a batch of predictions of ${bytes.length} bytes; at most ${recordBounds.predictionBytes} are read`;
    return failed({ reason: "record-bounds", detail });
  }
  try {
    return checkRecord(decodeRecord(bytes), sender);
  } catch (error) {
    return failed({ reason: "not-storable", detail: `of ${sender.gateway}: ${(error as Error).message}` });
  }
}

function checkRecord(record: UplinkRecord, sender: RecordSender): Result<StorableRecord, RecordFault> {
  switch (record.kind) {
    case "alert":
      return checkAlert(record, sender);
    case "prediction-batch":
      return unlessFaulty(record, checkIds(record, sender) ?? checkColumns(record, sender));
    case "drift-report":
      return unlessFaulty(record, checkIds(record, sender) ?? checkDrift(record, sender));
    case "gap":
      return unlessFaulty(record, checkTimes(record.kind, [record.fromMs, record.toMs]));
    case "health":
    case "event":
    case "update":
      return unlessFaulty(record, checkTimes(record.kind, [record.timeMs]));
    case "evidence-piece":
      // Nothing of it is read before its digest is known to be right.
      return ok(record);
    default:
      return record satisfies never;
  }
}

function unlessFaulty(
  record: StorableRecord,
  fault: RecordFault | null,
): Result<StorableRecord, RecordFault> {
  return fault === null ? ok(record) : failed(fault);
}

function checkAlert(record: AlertRecord, sender: RecordSender): Result<StorableRecord, RecordFault> {
  if (record.json.length > recordBounds.alertCharacters) {
    const detail = `${sender.gateway} sends an alert of ${record.json.length} characters; at most ${recordBounds.alertCharacters} are read`;
    return failed({ reason: "record-bounds", detail });
  }
  let json: unknown;
  try {
    json = JSON.parse(record.json);
  } catch {
    return failed({ reason: "alert-invalid", detail: `alert ${record.id.slice(0, 64)} is not JSON` });
  }
  const event = alertEventSchema().safeParse(json);
  if (!event.success) {
    return failed({ reason: "alert-invalid", detail: sayIssue(event.error.issues[0], json) });
  }
  return unlessFaulty({ kind: "alert", event: event.data }, checkIds(event.data.data, sender));
}

function checkIds(
  { site, turbine }: { readonly site: string; readonly turbine: string },
  sender: RecordSender,
): RecordFault | null {
  if (!idPattern.test(site) || !idPattern.test(turbine)) {
    return {
      reason: "id-invalid",
      detail: `not an id: ${JSON.stringify(`${site}/${turbine}`.slice(0, 128))}`,
    };
  }
  if (sender.site === null || sender.site === site) return null;
  const detail = `${sender.gateway} may only speak of site ${sender.site}, not of ${site}`;
  return { reason: "foreign-site", detail };
}

function checkColumns(batch: PredictionBatch, { gateway }: RecordSender): RecordFault | null {
  const rows = batch.timesMs.length;
  const cells = rows * batch.failureModes.length;
  if (cells > recordBounds.predictionCells) {
    const detail = `${gateway} sends ${rows} rows of ${batch.failureModes.length} failure modes at once; at most ${recordBounds.predictionCells} values are taken`;
    return { reason: "record-bounds", detail };
  }
  const isProbability = (value: number): boolean => value >= 0 && value <= 1;
  const isRisk = (value: number | null): boolean => value === null || isProbability(value);
  const fits =
    isColumn(batch.meanProbability, cells, isProbability) &&
    isColumn(batch.maxProbability, cells, isProbability) &&
    isColumn(batch.meanRisk ?? null, cells, isRisk) &&
    isColumn(batch.maxRisk ?? null, cells, isRisk) &&
    (batch.isLearning ?? batch.timesMs).length === rows;
  if (fits && batch.timesMs.every(isTime)) return null;
  return { reason: "shape-invalid", detail: `${rows} prediction rows whose columns do not fit` };
}

/** Null: a column that its gateway does not send. */
function isColumn<T>(column: readonly T[] | null, length: number, isGood: (value: T) => boolean): boolean {
  return column === null || (column.length === length && column.every(isGood));
}

function checkDrift(report: DriftReport, sender: RecordSender): RecordFault | null {
  const { fromMs, toMs, modelDigest, sketches } = report;
  if (!isTime(fromMs) || !isTime(toMs) || toMs < fromMs) {
    return { reason: "shape-invalid", detail: "a drift report of an invalid interval" };
  }
  const bins = sender.limits.driftBinsOf(modelDigest);
  const foreign = sketches.find(({ feature, counts }) => counts.length !== (bins ?? [])[feature]);
  if (bins !== undefined && foreign !== undefined) {
    const expected = bins[foreign.feature];
    const wanted = expected === undefined ? "no such column" : `${expected} bins there`;
    const detail = `${foreign.counts.length} bins of column ${foreign.feature}; the model's reference has ${wanted}`;
    return { reason: "drift-bins", detail };
  }
  return checkClock(report, sender);
}

/** A clock that jumped ahead would make a day of the future "today", one that jumped back an old one. */
function checkClock({ fromMs, toMs }: DriftReport, sender: RecordSender): RecordFault | null {
  const { nowMs, isBehind = false, driftKeptMs } = sender.limits;
  if (isBehind || nowMs < earliestClockMs) return null;
  const refuse = (reason: "drift-clock" | "drift-late", why: string): RecordFault => {
    const dated = `${sender.gateway} dates a drift report ${new Date(toMs).toISOString()}`;
    return { reason, detail: `${dated}, ${why} (now it is ${new Date(nowMs).toISOString()})` };
  };
  if (toMs > nowMs + maxAheadMs) return refuse("drift-clock", "which is to come");
  if (fromMs >= nowMs - driftKeptMs) return null;
  return refuse(toMs < nowMs - longestWaitMs ? "drift-clock" : "drift-late", "before all that is kept");
}

/** One record of an invalid time would leave a whole page unshown. */
function checkTimes(kind: UplinkRecord["kind"], timesMs: readonly number[]): RecordFault | null {
  return timesMs.every(isTime) ? null : { reason: "shape-invalid", detail: `${kind} of an invalid time` };
}

/** Within what a JavaScript date can say (ECMA-262, 21.4.1.1), and not before 1970. */
function isTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs <= 8.64e15;
}
