/** Puts one record of the uplink where it belongs. Bad content is a value: it is counted, and never blocks its lane. */
import { alertEventSchema } from "../../core/contract/alert.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { idPattern } from "../../core/contract/topics.ts";
import type {
  AlertRecord,
  DriftReport,
  EventRecord,
  GapRecord,
  HealthRecord,
  PredictionBatch,
  UpdateRecord,
  UplinkRecord,
} from "../../core/contract/uplink-record.ts";
import type { CollectorStore } from "../record/collector-store.ts";

/** Who sent a record. */
export interface RecordSender {
  readonly gateway: string;
  /** Site whose turbines it may speak of; null: of any. */
  readonly site: string | null;
}

/** Why a record was set aside. */
export interface RecordFault {
  readonly reason: "alert-invalid" | "foreign-site" | "id-invalid" | "shape-invalid" | "drift-bins";
  readonly detail: string;
}

/**
 * Stores `record` of its sender; to be called inside a transaction.
 * @returns what is wrong with it, if it cannot be stored
 */
export function storeRecord(
  store: CollectorStore,
  sender: RecordSender,
  record: UplinkRecord,
  nowMs: number,
): Result<null, RecordFault> {
  switch (record.kind) {
    case "alert":
      return storeAlert(store, sender, record, nowMs);
    case "prediction-batch":
      return storePredictions(store, sender, record, nowMs);
    case "drift-report":
      return storeDrift(store, sender, record, nowMs);
    case "health":
    case "event":
    case "update":
    case "gap":
      return storeReport(store, sender.gateway, record, nowMs);
    default:
      return record satisfies never;
  }
}

function storeReport(
  store: CollectorStore,
  gateway: string,
  record: HealthRecord | EventRecord | UpdateRecord | GapRecord,
  nowMs: number,
): Result<null, RecordFault> {
  // A page that shows one time that is none would show nothing at all.
  const times = record.kind === "gap" ? [record.fromMs, record.toMs] : [record.timeMs];
  if (!times.every(isTime)) {
    return failed({ reason: "shape-invalid", detail: `${record.kind} of a time that is none` });
  }
  if (record.kind === "health") store.gateways.putHealth(gateway, record);
  else if (record.kind === "event") store.events.putEvent(gateway, record, nowMs);
  else if (record.kind === "update") store.events.putUpdate(gateway, record, nowMs);
  else store.events.putGap(gateway, record, nowMs);
  return ok(null);
}

function storeAlert(
  store: CollectorStore,
  sender: RecordSender,
  record: AlertRecord,
  nowMs: number,
): Result<null, RecordFault> {
  let json: unknown;
  try {
    json = JSON.parse(record.json);
  } catch {
    return failed({ reason: "alert-invalid", detail: `alert ${record.id.slice(0, 64)} is not JSON` });
  }
  const event = alertEventSchema.safeParse(json);
  if (!event.success) {
    const issue = event.error.issues[0];
    const where = issue?.path.join(".") ?? "";
    return failed({ reason: "alert-invalid", detail: `${where}: ${issue?.message ?? "is wrong"}` });
  }
  const { site, turbine } = event.data.data;
  const fault = checkIds(sender, site, turbine);
  if (fault !== null) return failed(fault);
  store.alerts.put(event.data, nowMs);
  store.turbines.touch(site, turbine, sender.gateway, nowMs);
  return ok(null);
}

function storePredictions(
  store: CollectorStore,
  sender: RecordSender,
  batch: PredictionBatch,
  nowMs: number,
): Result<null, RecordFault> {
  const fault = checkIds(sender, batch.site, batch.turbine) ?? checkBatch(batch);
  if (fault !== null) return failed(fault);
  store.predictions.put(store.turbines.pointNumber(batch), batch);
  store.turbines.touch(batch.site, batch.turbine, sender.gateway, nowMs);
  return ok(null);
}

function storeDrift(
  store: CollectorStore,
  sender: RecordSender,
  report: DriftReport,
  nowMs: number,
): Result<null, RecordFault> {
  const fault = checkIds(sender, report.site, report.turbine);
  if (fault !== null) return failed(fault);
  if (!isTime(report.fromMs) || !isTime(report.toMs) || report.toMs < report.fromMs) {
    return failed({ reason: "shape-invalid", detail: "a drift report whose interval is none" });
  }
  try {
    store.attempt(() => store.drift.put(store.turbines.pointNumber(report), report));
  } catch (error) {
    if (error instanceof RangeError) return failed({ reason: "drift-bins", detail: error.message });
    throw error;
  }
  store.turbines.touch(report.site, report.turbine, sender.gateway, nowMs);
  return ok(null);
}

function checkIds({ gateway, site: own }: RecordSender, site: string, turbine: string): RecordFault | null {
  if (idPattern.test(site) && idPattern.test(turbine)) {
    if (own === null || own === site) return null;
    return { reason: "foreign-site", detail: `${gateway} may only speak of site ${own}, not of ${site}` };
  }
  return { reason: "id-invalid", detail: `not an id: ${JSON.stringify(`${site}/${turbine}`.slice(0, 128))}` };
}

function checkBatch(batch: PredictionBatch): RecordFault | null {
  const rows = batch.timesMs.length;
  const cells = rows * batch.failureModes.length;
  const { meanProbability: mean, maxProbability: max } = batch;
  const isProbability = (value: number): boolean => value >= 0 && value <= 1;
  if (mean.length === cells && max.length === cells && batch.timesMs.every(isTime)) {
    if (mean.every(isProbability) && max.every(isProbability)) return null;
  }
  return { reason: "shape-invalid", detail: `${rows} prediction rows whose columns do not fit` };
}

/** Within what a JavaScript date can say (ECMA-262, 21.4.1.1), and not before 1970. */
function isTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs <= 8.64e15;
}
