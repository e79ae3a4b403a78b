/** Raw evidence as a row of a table, alike in every engine. */
import { evidenceKinds } from "../../core/contract/evidence.ts";
import type { RecordedEvidence } from "../../core/contract/evidence-list.ts";
import type { EvidenceShare } from "./evidence-record.ts";
import { type RecordRow, textOrNull } from "./record-rules.ts";

export const evidenceColumns = [
  "id",
  "kind",
  "gateway",
  "site",
  "turbine",
  "component",
  "from_ms",
  "to_ms",
  "stored_ms",
  "samples",
  "bytes",
  "npy_sha256",
  "model_json",
  "said_json",
  "alert",
  "request",
] as const;

/** In the order of the columns. */
export function toEvidenceRow(evidence: RecordedEvidence): (string | number | null)[] {
  return [
    evidence.id,
    evidence.kind,
    evidence.gateway,
    evidence.site,
    evidence.turbine,
    evidence.component,
    evidence.fromMs,
    evidence.toMs,
    evidence.storedMs,
    evidence.samples,
    evidence.bytes,
    evidence.npySha256,
    JSON.stringify(evidence.model),
    JSON.stringify(evidence.said),
    evidence.alert,
    evidence.request,
  ];
}

export function fromEvidenceRow(row: RecordRow): RecordedEvidence {
  const text = (name: (typeof evidenceColumns)[number]): string => String(row[name]);
  const optional = (name: (typeof evidenceColumns)[number]): string | null => textOrNull(row[name]);
  const model: RecordedEvidence["model"] = JSON.parse(text("model_json"));
  const said: RecordedEvidence["said"] = JSON.parse(text("said_json"));
  return {
    id: text("id"),
    kind: evidenceKinds.find((kind) => kind === row.kind) ?? "request",
    gateway: text("gateway"),
    site: text("site"),
    turbine: text("turbine"),
    component: text("component"),
    fromMs: Number(row.from_ms),
    toMs: Number(row.to_ms),
    storedMs: Number(row.stored_ms),
    samples: Number(row.samples),
    bytes: Number(row.bytes),
    npySha256: text("npy_sha256"),
    model,
    said,
    alert: optional("alert"),
    request: optional("request"),
  };
}

export function toEvidenceShare(row: RecordRow): EvidenceShare {
  return { gateway: String(row.gateway), count: Number(row.count), bytes: Number(row.bytes) };
}
