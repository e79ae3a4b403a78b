/** The alert that subscribers see: a CloudEvent 1.0 in structured JSON, frozen; and its outlook in words for people. */
import { z } from "zod";
import { onDemand } from "./on-demand.ts";
import { type PhysicalEvidence, physicalEvidenceSchema } from "./physical-evidence.ts";
import {
  type AlarmLane,
  alarmLanes,
  type OperatingState,
  operatingStates,
  type SensorBand,
} from "./prediction.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";
import { toWords } from "./to-words.ts";

/** What alert events tell. */
export const alertTransitions = ["raised", "updated", "acknowledged", "cleared"] as const;

export type AlertTransition = (typeof alertTransitions)[number];

/** Alarm states of ISA-18.2 (section 5.2) that a diagnosis alarm passes through. */
export const alarmStates = [
  "normal",
  "unacknowledged",
  "acknowledged",
  "returned-unacknowledged",
  "shelved",
  "suppressed",
  "out-of-service",
] as const;

export type AlarmState = (typeof alarmStates)[number];

/** Failure modes that the alarms of a component can be of, at most: the 32 outputs that a model may have, and how loud the machine is. */
export const maxFailureModes = 33;

/** How urgent: the alarm's priority. How far the damage has gone is `severityDb`. */
export const alertSeverities = ["warning", "critical"] as const;

export type AlertSeverity = (typeof alertSeverities)[number];

/**
 * When one must stop, as the trend of the severity has it: hours of operation (median, 80 % interval; `high` null: no
 * upper end) until `stopDb` above the healthy baseline, or why that cannot be said.
 */
export type AlertOutlook =
  | {
      readonly hours: number;
      readonly low: number;
      readonly high: number | null;
      readonly stopDb: number;
    }
  | { readonly cannotSay: string };

export interface AlertData extends PointId {
  readonly failureMode: string;
  /** Another failure mode that the machine has looked like for a while: the fault is of that kind, or there are two; absent: none. */
  readonly leadingMode?: string | undefined;
  readonly severity: AlertSeverity;
  readonly state: AlarmState;
  /** When a shelved alarm is shown again, RFC 3339; absent: it is not shelved, or an older gateway does not say. */
  readonly until?: string | undefined;
  /** Calibrated; takes fault and no fault for equally likely. */
  readonly probability: number;
  /** Probability that the fault is there, at the site's prior; null or absent: not known. */
  readonly risk?: number | null | undefined;
  /** What raised it; absent: its gateway does not say. */
  readonly lane?: AlarmLane | undefined;
  /** The model's logit, on no fixed scale; not to be compared with `threshold`, which `probability` is on the scale of. */
  readonly score: number;
  /**
   * Without a lane: the probability from which an alarm is raised. With one no single window raises: it is the probability from
   * which this window would count as evidence within minutes, at the level that the machine had in that moment, so that it differs from
   * alarm to alarm; the slow lane does not ask it.
   */
  readonly threshold: number;
  readonly horizonHours: number | null;
  /** dB above the healthy baseline (0: as when healthy, 6: twice the amplitude); null or absent: not known. */
  readonly severityDb?: number | null | undefined;
  /** Why the severity is not known although the machine has a baseline, without a full stop; absent: it is, or an older gateway does not say. */
  readonly severityUnknown?: string | undefined;
  /** Absent: nobody looked. */
  readonly outlook?: AlertOutlook | undefined;
  /** RFC 3339. */
  readonly since: string;
  readonly operatingState: OperatingState;
  readonly window: { readonly from: string; readonly to: string; readonly id: string };
  readonly explanation: {
    readonly baseValue: number;
    readonly groups: readonly { readonly name: string; readonly share: number }[];
    readonly gap: number;
    /** The band of a fast sensor that the sensor groups' shares speak of; absent: it has one. */
    readonly band?: SensorBand | undefined;
    /** The base value over the bundle's background, where `baseValue` is over the machine's own healthy windows. */
    readonly bundleBaseValue?: number | undefined;
  };
  /** What the spectrum shows of the failure mode; absent where it names no line to look for. */
  readonly evidence?: PhysicalEvidence | undefined;
  /** Why it was cleared by an order and not by evidence, in words; absent: by evidence, or it was not. */
  readonly clearedBecause?: string | undefined;
  /** Where the model ran; absent: on the gateway. */
  readonly inferredOn?: "gateway" | "device" | undefined;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly traceId: string;
}

/** An alarm that is not normal, as a turbine's state tells it: what its alert events tell, and whether its condition holds beneath. */
export interface SaidAlarm
  extends Pick<
    AlertData,
    | "component"
    | "failureMode"
    | "leadingMode"
    | "state"
    | "until"
    | "since"
    | "probability"
    | "risk"
    | "lane"
  > {
  /** Is the machine in the alarm's condition, whether or not people withhold it? Older gateways say nothing. */
  readonly conditionActive?: boolean | undefined;
  /** Older gateways say nothing. */
  readonly severity?: AlertSeverity | undefined;
}

export interface AlertEvent {
  readonly specversion: "1.0";
  /**
   * Idempotent: a repetition has the same id. A gateway that starts with an older state than it has told of may tell the same
   * transition once more under another one.
   */
  readonly id: string;
  /** `/<site>/<turbine>`. */
  readonly source: string;
  readonly type: `io.aurora.alert.${AlertTransition}.v1`;
  readonly time: string;
  /** Component. */
  readonly subject: string;
  readonly datacontenttype: "application/json";
  readonly data: AlertData;
}

const text = z.string().min(1).max(256);
const time = z.iso.datetime({ offset: true });
const finite = z.number();
const hours = z.number().min(0);
const outlook: () => z.ZodType<AlertOutlook> = onDemand(() =>
  z.union([
    z.strictObject({ hours, low: hours, high: hours.nullable(), stopDb: z.number().positive() }),
    z.strictObject({ cannotSay: text }),
  ]),
);

/** Validator of a risk at the site's prior, wherever one is told. */
export const riskSchema: () => z.ZodType<number | null | undefined> = onDemand(() =>
  z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .optional()
    .describe("Probability that the fault is there, 0 to 1, at the site's prior; null or absent: not known"),
);

/** Validator of when a shelved alarm is shown again, wherever it is told. */
export const shelvedUntilSchema: () => z.ZodType<string | undefined> = onDemand(() =>
  time.optional().catch(undefined).describe("When a shelved alarm is shown again; absent: it is not shelved"),
);

/** Validator of {@link AlertEvent}; unknown fields are accepted and dropped. */
export const alertEventSchema: () => z.ZodType<AlertEvent> = onDemand(() =>
  z.object({
    specversion: z.literal("1.0"),
    // turbine, component, mode, since and transition: five names of up to 63 characters and two numbers.
    id: z.string().min(1).max(512),
    source: text,
    type: z.enum(alertTransitions.map((transition) => `io.aurora.alert.${transition}.v1` as const)),
    time,
    subject: text,
    datacontenttype: z.literal("application/json"),
    data: z.object({
      turbine: text,
      site: text,
      component: text,
      failureMode: text,
      leadingMode: text.optional().catch(undefined),
      severity: z.enum(alertSeverities),
      state: z.enum(alarmStates),
      until: shelvedUntilSchema(),
      probability: z
        .number()
        .min(0)
        .max(1)
        .describe(
          "Calibrated probability of the failure mode in this window, 0 to 1; takes fault and no fault for equally likely",
        ),
      risk: riskSchema(),
      lane: z.enum(alarmLanes).optional(),
      score: finite.describe(
        "What the model says of the failure mode, a logit: without a unit, of any sign and size. Not to be compared with threshold, which is on the scale of probability",
      ),
      threshold: z
        .number()
        .min(0)
        .max(1)
        .describe(
          "Calibrated probability, 0 to 1, from which a window counts as evidence for the fast lane, or, where lane is absent, from which an alarm is raised. On the scale of probability, not of score; no single window raises",
        ),
      horizonHours: z.number().positive().nullable(),
      severityDb: finite
        .nullable()
        .optional()
        .describe(
          "How loud the machine is above its own healthy baseline, dB of amplitude: 0 as when healthy, 6 twice, 20 ten times; null or absent: not known",
        ),
      severityUnknown: z.string().min(1).max(1024).optional().catch(undefined),
      outlook: outlook().optional(),
      since: time,
      operatingState: z.enum(operatingStates),
      window: z.object({ from: time, to: time, id: text } satisfies ShapeOf<AlertData["window"]>),
      explanation: z.object({
        baseValue: finite,
        groups: z.array(z.object({ name: text, share: finite })).max(64),
        gap: z.number().min(0),
        band: z.enum(["lower", "upper"]).optional(),
        bundleBaseValue: finite.optional(),
      } satisfies ShapeOf<AlertData["explanation"]>),
      // An alert is worth more than its evidence: what a later version says otherwise is dropped alone.
      evidence: physicalEvidenceSchema().optional().catch(undefined),
      clearedBecause: z.string().min(1).max(1024).optional().catch(undefined),
      inferredOn: z.enum(["gateway", "device"]).optional(),
      model: z.object({ name: text, version: text, digest: text } satisfies ShapeOf<AlertData["model"]>),
      traceId: text,
    } satisfies ShapeOf<AlertData>),
  } satisfies ShapeOf<AlertEvent>),
);

/**
 * The outlook in one sentence without a full stop, for example `main-bearing degrading, p = 0.93; says nothing of when
 * it fails`. Names a time, of operation and with its interval, only where the alert's `outlook` does: a model's horizon only
 * says how far ahead it was made to look.
 */
export function describeOutlook(
  data: Pick<AlertData, "component" | "probability" | "horizonHours" | "outlook">,
): string {
  const head = `${toWords(data.component)} degrading, probability ${formatProbability(data.probability)}`;
  const { horizonHours, outlook: ahead } = data;
  if (ahead !== undefined) return `${head}; ${describeStop(ahead)}`;
  if (horizonHours === null) return `${head}; says nothing of when it fails`;
  const time = horizonHours >= 48 ? `${Math.round(horizonHours / 24)} days` : `${horizonHours} h`;
  return `${head}; looks ${time} ahead, and when it fails within them is not known`;
}

/** `0.92`; a probability that rounds to 0 or 1 is neither. */
export function formatProbability(probability: number): string {
  if (probability > 0.999) return "> 0.999";
  if (probability < 0.001) return "< 0.001";
  return probability.toFixed(probability >= 0.995 || probability < 0.005 ? 3 : 2);
}

function describeStop(ahead: AlertOutlook): string {
  if ("cannotSay" in ahead) return `cannot say when it must stop: ${ahead.cannotSay}`;
  const { low, high, stopDb } = ahead;
  if (ahead.high === 0) return `it has reached the level where it must stop, ${stopDb.toFixed(0)} dB`;
  const between =
    high === null
      ? `more than ${formatHours(low)}, no upper end`
      : `between ${formatHours(low)} and ${formatHours(high)}`;
  return `in about ${formatHours(ahead.hours)} of operation it must stop (${stopDb.toFixed(0)} dB above healthy; ${between} in four of five cases)`;
}

function formatHours(value: number): string {
  if (value >= 72) return `${Math.round(value / 24)} days`;
  return value >= 10 ? `${value.toFixed(0)} h` : `${value.toFixed(1)} h`;
}
