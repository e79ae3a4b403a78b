/** What is kept of one alarm over a restart, as plain JSON. */
import { z } from "zod";
import { type AlertEvent, type AlertSeverity, alertEventSchema } from "../../core/contract/alert.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { Alarm, AnnunciatedAlarm } from "./alarm-lifecycle.ts";

/** One alarm: its state, and what subscribers were last told of it. */
export interface AlarmRecord {
  readonly point: PointId;
  readonly failureMode: string;
  readonly alarm: Alarm;
  /** Beginning of the current (or last) occurrence, epoch ms; null before the first. */
  readonly sinceMs: number | null;
  /** Last calibrated probability. */
  readonly probability: number;
  /** Exponentially weighted mean of this occurrence's probabilities, a fifth of it from the last window. */
  readonly recentProbability: number;
  readonly severity: AlertSeverity;
  /** Windows in a row at or above the critical probability. */
  readonly highWindows: number;
  /** `updated` events of this occurrence. */
  readonly updates: number;
  /** How far this occurrence has been told: not at all, raised, or raised and cleared. */
  readonly told: "nothing" | "raised" | "cleared";
  /** Time of the last event (not of people's steps), epoch ms. */
  readonly toldMs: number;
  /** The last event of this occurrence, or null. */
  readonly lastEvent: AlertEvent | null;
}

/** All alarms. */
export interface AlarmRegisterSnapshot {
  readonly records: readonly AlarmRecord[];
}

const text = z.string().min(1).max(256);
const annunciated: z.ZodType<AnnunciatedAlarm> = z.union([
  z.strictObject({ state: z.literal("normal") }),
  z.strictObject({ state: z.literal("unacknowledged"), sinceMs: z.number() }),
  z.strictObject({
    state: z.literal("acknowledged"),
    sinceMs: z.number(),
    acknowledgedMs: z.number(),
    by: text,
  }),
  z.strictObject({
    state: z.literal("returned-unacknowledged"),
    sinceMs: z.number(),
    returnedMs: z.number(),
  }),
]);
const alarm: z.ZodType<Alarm> = z.union([
  annunciated,
  z.strictObject({
    state: z.literal("shelved"),
    atMs: z.number(),
    by: text,
    untilMs: z.number(),
    beneath: annunciated,
  }),
  z.strictObject({ state: z.literal("suppressed"), atMs: z.number(), reason: text, beneath: annunciated }),
  z.strictObject({ state: z.literal("out-of-service"), atMs: z.number(), by: text, beneath: annunciated }),
]);

/** Validator of {@link AlarmRegisterSnapshot}: a snapshot comes from a disk. */
export const alarmRegisterSnapshotSchema: z.ZodType<AlarmRegisterSnapshot> = z.strictObject({
  records: z
    .array(
      z.strictObject({
        point: z.strictObject({ site: text, turbine: text, component: text }),
        failureMode: text,
        alarm,
        sinceMs: z.number().nullable(),
        probability: z.number().min(0).max(1),
        recentProbability: z.number().min(0).max(1),
        severity: z.enum(["warning", "critical"]),
        highWindows: z.int().min(0),
        updates: z.int().min(0),
        told: z.enum(["nothing", "raised", "cleared"]),
        toldMs: z.number(),
        lastEvent: alertEventSchema.nullable(),
      }),
    )
    .max(100_000),
});
