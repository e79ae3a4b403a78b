/** What the gateway reports to the collector. Encoded by `core/wire`; kept by `gateway/record` until it is stored there. */
import type { DriftLoad } from "./drift-verdict.ts";
import type { PointId } from "./stream.ts";
import type { Lane } from "./topics.ts";

/** A batch of thinned predictions of one point. */
export interface PredictionBatch extends PointId {
  readonly kind: "prediction-batch";
  readonly modelName: string;
  readonly modelVersion: string;
  readonly failureModes: readonly string[];
  /** One a row: end of the (last) window summarised, epoch ms. */
  readonly timesMs: readonly number[];
  /** Windows summarised in each row. */
  readonly windows: readonly number[];
  /** Mean and maximum calibrated probability, row-major [row × failure mode], 0 to 1, kept to 1/1000. */
  readonly meanProbability: readonly number[];
  readonly maxProbability: readonly number[];
  /**
   * Mean and maximum risk at the site's prior, laid out as the probabilities, 0 to 1, kept to 1/10,000; null: not known.
   * Absent: of no row.
   */
  readonly meanRisk?: readonly (number | null)[];
  readonly maxRisk?: readonly (number | null)[];
  /** One a row: was the point learning at its end? Null: not known. Absent: of no row. */
  readonly isLearning?: readonly (boolean | null)[];
  readonly shaftRpm: readonly number[];
}

/** An alert event, exactly as published (UTF-8 JSON). */
export interface AlertRecord {
  readonly kind: "alert";
  readonly id: string;
  readonly json: string;
}

/** Sketch of one feature over one interval: counts of the reference's fixed bins, and moments. */
export interface FeatureSketch {
  /** Index of the column in the model's drift reference: features, then scores, then levels. */
  readonly feature: number;
  readonly counts: readonly number[];
  /** Values that were not finite. */
  readonly invalid: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly sumSquares: number;
  readonly min: number;
  readonly max: number;
}

/** All sketches of one point over one interval, at one load. */
export interface DriftReport extends PointId {
  readonly kind: "drift-report";
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelDigest: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Where it was heard; absent: not known. */
  readonly load?: DriftLoad;
  /** In the order of their columns. */
  readonly sketches: readonly FeatureSketch[];
}

/** Health of a gateway and its turbines' data quality, cumulative since boot. */
export interface HealthRecord {
  readonly kind: "health";
  readonly timeMs: number;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  readonly windowsProcessed: number;
  readonly windowsQuarantined: number;
  readonly windowsDropped: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly outboxRecords: number;
}

/** A schema drift, a corrupted store, a bad clock: things people should know. */
export interface EventRecord {
  readonly kind: "event";
  readonly timeMs: number;
  /** Dotted name, for example `schema-drift.unit`. */
  readonly name: string;
  readonly subject: string;
  readonly detail: string;
}

/** What is told of an update, by number on the wire from 1. */
export const toldUpdateSteps = [
  "fetched",
  "verified",
  "staged",
  "proved",
  "activated",
  "refused",
  "reverted",
] as const;

/** What became of an update. */
export interface UpdateRecord {
  readonly kind: "update";
  readonly timeMs: number;
  readonly modelName: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly step: (typeof toldUpdateSteps)[number];
  readonly detail: string;
}

/**
 * Why something of a lane is missing, by number on the wire from 1: over the size that the store or the lane may have; too
 * old; the disk was full and memory short; the gateway, or a worker of it, ended before it was written down; not gone,
 * but thinned to rows of ten minutes; more samples came than could be cut into windows; the gateway was stopped before
 * its windows ended.
 */
export const gapReasons = [
  "quota",
  "expired",
  "disk-full",
  "killed",
  "summarised",
  "overload",
  "stopped",
] as const;

export type GapReason = (typeof gapReasons)[number];

/** What of a lane was dropped. */
export interface GapRecord {
  readonly kind: "gap";
  readonly lane: Lane;
  readonly records: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: an older gateway, or a reason that this version does not know. */
  readonly reason?: GapReason;
  /** Windows that were gathered and in no record yet. Absent: not known. */
  readonly windows?: number;
  /** Samples that no window was cut from. Absent: not known. */
  readonly samples?: number;
}

/** A part of raw evidence: the bytes of its packed samples from `offset` on. */
export interface EvidencePiece {
  readonly kind: "evidence-piece";
  /** SHA-256 of the evidence's description, lower-case hex. */
  readonly id: string;
  readonly offset: number;
  /** The description (JSON) with the first piece; empty with all others. */
  readonly about: string;
  readonly bytes: Uint8Array;
}

export type UplinkRecord =
  | PredictionBatch
  | AlertRecord
  | DriftReport
  | HealthRecord
  | EventRecord
  | UpdateRecord
  | GapRecord
  | EvidencePiece;

/** The lane that a kind of record travels in. */
export const laneOfKind: Readonly<Record<UplinkRecord["kind"], Lane>> = {
  alert: "alert",
  update: "update",
  event: "update",
  gap: "update",
  "drift-report": "drift",
  "prediction-batch": "prediction",
  health: "prediction",
  "evidence-piece": "raw",
};

/** How the name of a run begins whose records were sent from memory, since the disk was full: they are numbered by themselves. */
export const memoryLifePrefix = "m";

/** One message on the uplink: consecutive records of one lane. */
export interface UplinkEnvelope {
  readonly gateway: string;
  /** Random, of the gateway's run that appended the records, so that copies of one store never give one name to two records. */
  readonly bootId: string;
  readonly lane: Lane;
  /** Sequence of the first record; the records are consecutive in their lane, which is numbered on from run to run. From 1. */
  readonly firstSequence: number;
  /**
   * The oldest sequence of this lane that the gateway still holds, ≤ firstSequence: what came before it was stored by
   * a collector or dropped (and declared by a gap), so it need not be waited for.
   */
  readonly oldestSequence: number;
  readonly records: readonly UplinkRecord[];
}

/** Payload (JSON) of the collector's acknowledgement: everything up to `sequence` is stored. */
export interface UplinkAck {
  readonly bootId: string;
  readonly lane: Lane;
  readonly sequence: number;
  /**
   * Code (HMAC-SHA-256, 64 hexadecimal digits) of who may say so, under the key of the gateway's enrolment; absent where the
   * collector has no such key.
   */
  readonly mac?: string | undefined;
  /** The collector's clock as it acknowledged, epoch ms. Absent: an older collector. */
  readonly timeMs?: number | undefined;
}
