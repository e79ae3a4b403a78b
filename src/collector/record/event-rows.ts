/** Events, steps of updates and messages that were set aside as rows of a table, alike in every engine. */
import { alertMark } from "../../core/contract/alarm-report.ts";
import type { RecordedEvent, RecordedUpdate } from "./fleet-record.ts";
import type { QuarantineEntry } from "./quarantine-listing.ts";
import type { RecordRow } from "./record-rules.ts";

/** As long as an alert's id may be: no index takes every length. */
const maxAlertId = 512;

/** The alert that an event names at its end; null: none. What people said before may hold the mark as well. */
export function readNamedAlert(detail: string): string | null {
  const at = detail.lastIndexOf(alertMark);
  const id = at === -1 ? "" : detail.slice(at + alertMark.length);
  return id === "" || id.length > maxAlertId ? null : id;
}

export function fromEventRow(row: RecordRow): RecordedEvent {
  return { ...readOrigin(row), name: String(row.name), subject: String(row.subject) };
}

export function fromUpdateRow(row: RecordRow): RecordedUpdate {
  return {
    ...readOrigin(row),
    modelName: String(row.model_name),
    fromVersion: String(row.from_version),
    toVersion: String(row.to_version),
    step: row.step as RecordedUpdate["step"],
  };
}

/** What both have. */
function readOrigin(
  row: RecordRow,
): Pick<RecordedEvent, "id" | "gateway" | "timeMs" | "believedMs" | "detail"> {
  return {
    id: Number(row.id),
    gateway: String(row.gateway),
    timeMs: Number(row.time_ms),
    believedMs: Number(row.believed_ms),
    detail: String(row.detail),
  };
}

export function fromQuarantineRow(row: RecordRow): QuarantineEntry {
  return {
    topic: String(row.topic),
    reason: String(row.reason),
    messages: Number(row.messages),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
    detail: String(row.detail),
    sample: row.sample as Uint8Array,
  };
}
