/** Retained state of a turbine, as subscribers see it. */
import { z } from "zod";
import { alarmStates, alertSeverities, riskSchema, type SaidAlarm, shelvedUntilSchema } from "./alert.ts";
import { type DiagnosedDevice, deviceDiagnosisSchema } from "./device/device-diagnosis.ts";
import { type DriftLevel, driftLevels } from "./drift-verdict.ts";
import { onDemand } from "./on-demand.ts";
import { alarmLanes, type ModelRef, type OperatingState, operatingStates } from "./prediction.ts";
import type { ShapeOf } from "./shape-of.ts";
import { type DiagnosedSource, diagnosedSourceSchema } from "./source-diagnosis.ts";
import { idPattern } from "./topics.ts";

/**
 * What one may believe of the turbine as a whole now. A stopped turbine is not healthy, it is unknown. `ok` says no more
 * than that every component was decided on and none has an alarm: {@link ComponentHealth} says which are still learning,
 * and what is known of the others where one is unknown. An alarm stands until evidence or a person ends it: data that are
 * missing, or a gateway that is gone, leave `alarm` as it is, and the operating state says that nothing is known now.
 */
export type TurbineHealth = "ok" | "alarm" | "information-unavailable";

/**
 * What one may believe of a component now, worst first. `learning`: no alarm, but no reference of its own yet either, so
 * only what is plain beyond doubt would raise one. `refused`: what was to be learnt looks faulty itself; beside what is plain
 * only what grows above it would raise one. A component in alarm of which nothing is known any more stays `warning` or
 * `critical`, and says why in {@link ComponentCondition.unknown}.
 */
export const componentHealths = ["critical", "warning", "refused", "no-data", "learning", "good"] as const;

export type ComponentHealth = (typeof componentHealths)[number];

/** How a component is, and why. */
export interface ComponentCondition {
  readonly component: string;
  readonly health: ComponentHealth;
  /** In words without a time, for example `no data` or `240 of 600 windows`; null: there is nothing to add. */
  readonly reason: string | null;
  /** Since when the reason holds, epoch ms; null: not known. Of an alarm, since when it stands. */
  readonly sinceMs: number | null;
  /** What keeps its alarms standing beside their faults, in words; absent: nothing, or an older gateway says it in the reason. */
  readonly whyItStands?: string | undefined;
  /** Is nothing known of it because its turbine stands by? Absent: no, or an older gateway does not say. */
  readonly isStandby?: boolean | undefined;
  /** Why nothing is known now of a component whose alarm stands; absent: it is known, or an older gateway does not say. */
  readonly unknown?: UnknownNow | undefined;
}

/** Why nothing is known of a component now. */
export interface UnknownNow {
  /** In words without a time, for example `no data`. */
  readonly reason: string;
  /** Since when, epoch ms; null: not known. */
  readonly sinceMs: number | null;
  /** Is it because the turbine stands by? Absent: no, or an older gateway does not say. */
  readonly isStandby?: boolean | undefined;
}

/** Why nothing is known of a point any more. */
export interface PointSilence extends UnknownNow {
  /** Arrival of its last data, epoch ms. */
  readonly sinceMs: number;
}

/** How far the healthy baseline of a component is. */
export interface ComponentBaseline {
  readonly component: string;
  /** `refused`: what was learnt so far looks faulty, and does not become a baseline. It is tried again with more of it. */
  readonly state: "learning" | "refused" | "ready";
  /** Ready to go by, and still being refined; absent: not known. */
  readonly isProvisional?: boolean | undefined;
  /** Of the baseline that is in use, which counts those of this point; 0: none yet. */
  readonly version: number;
  /** Windows learnt so far, or that the baseline rests on. */
  readonly windows: number;
  /** While it is learning: windows with which a provisional one is tried next; absent: it is not, or not known. */
  readonly neededWindows?: number | undefined;
  /** Why the machine may not have been healthy while it was learnt. */
  readonly suspicions: readonly string[];
  /** What is not known, or raised later, since many windows of the last day were at speeds that were not learnt; absent: few were, or none was heard in this run. */
  readonly beyond?: string | undefined;
  /** Which levels were learnt later, at speeds that it came to after it had its own reference, since when; absent: none. */
  readonly later?: string | undefined;
  /** Why it was refused; absent unless it was. */
  readonly refusal?: string | undefined;
  /** dB above the baseline, of the last window; null: not known, as at a speed that was not learnt. */
  readonly severityDb: number | null;
}

/** Alarms, and scores, that a state names at most, so that it stays within the 256 KiB that are read. */
export const maxStateItems = 256;

/** Payload of `<base>/turbine/<site>/<turbine>/state`. */
export interface TurbineState {
  readonly site: string;
  readonly turbine: string;
  /** Id of whoever says it; older gateways do not. */
  readonly gateway?: string | undefined;
  /** RFC 3339. */
  readonly time: string;
  readonly operatingState: OperatingState;
  readonly health: TurbineHealth;
  /** All components rolled up, worst first, in words; older gateways say nothing. */
  readonly healthReason?: string | undefined;
  /** One a watched component, seen or not; older gateways say nothing. */
  readonly components?: readonly ComponentCondition[] | undefined;
  /** Of more than {@link maxStateItems} each component's first before any second one: those that are not withheld, critical ones, the oldest. */
  readonly alarms: readonly SaidAlarm[];
  /** Last calibrated probability and risk by component and failure mode; of more than {@link maxStateItems} each component's highest. */
  readonly lastScores: readonly {
    readonly component: string;
    readonly failureMode: string;
    readonly probability: number;
    /** At the site's prior; null or absent: not known, for example while the component is learning. */
    readonly risk?: number | null | undefined;
    readonly time: string;
  }[];
  readonly model: ModelRef | null;
  /** Of the components whose model knows healthy baselines; older gateways say nothing. */
  readonly baselines?: readonly ComponentBaseline[] | undefined;
  /** What was last said of each point's drift against its own days; older gateways say nothing. */
  readonly drift?:
    | readonly {
        /** `scada`: the values of the turbine's SCADA bridge. */
        readonly component: string;
        readonly level: DriftLevel;
        /** RFC 3339; null: not known. */
        readonly since: string | null;
        /** One sentence; null unless something moved. */
        readonly title: string | null;
      }[]
    | undefined;
  /** Devices of the turbine that something is wrong with; older gateways say nothing. */
  readonly devices?: readonly DiagnosedDevice[] | undefined;
  /** Sources of its SCADA values that something is wrong with; older gateways say nothing. */
  readonly sources?: readonly DiagnosedSource[] | undefined;
  readonly dataQuality: {
    readonly windowsProcessed: number;
    readonly windowsQuarantined: number;
    readonly quarantinedByReason: Readonly<Record<string, number>>;
  };
}

/** Payload of `<base>/gateway/<gateway>/status`; the last will has `online: false` and no more. */
export interface GatewayStatus {
  readonly gateway: string;
  readonly online: boolean;
  readonly time: string | null;
  readonly version: string | null;
  /** The effective configuration with secrets removed, or null offline. */
  readonly config: unknown;
  /** Random, of the process that says it; absent where an older version does. */
  readonly instance?: string | null | undefined;
}

/** By more than this the clock of a gateway that says its status is wrong; where it was set by more since, it says it anew. */
export const maxStatusDifferenceMs = 300_000;

const id = z.string().regex(idPattern);
const text = z.string().max(256);
const time = z.iso.datetime({ offset: true });
const probability = z
  .number()
  .min(0)
  .max(1)
  .describe("Calibrated, 0 to 1; takes fault and no fault for equally likely");
const reason = z.string().max(1024);
const sinceMs = z.number().min(0).max(8.64e15).nullable();
const isStandby = z.boolean().optional().describe("Nothing is known because the turbine stands by");

/** Validator of {@link ComponentCondition}. */
export const componentConditionSchema: () => z.ZodObject<{
  readonly component: z.ZodString;
  readonly health: z.ZodEnum<{ readonly [Health in ComponentHealth]: Health }>;
  readonly reason: z.ZodNullable<z.ZodString>;
  readonly sinceMs: z.ZodNullable<z.ZodNumber>;
  readonly whyItStands: z.ZodOptional<z.ZodString>;
  readonly isStandby: z.ZodOptional<z.ZodBoolean>;
  readonly unknown: z.ZodOptional<
    z.ZodObject<{
      readonly reason: z.ZodString;
      readonly sinceMs: z.ZodNullable<z.ZodNumber>;
      readonly isStandby: z.ZodOptional<z.ZodBoolean>;
    }>
  >;
}> = onDemand(() =>
  z.object({
    component: text,
    health: z.enum(componentHealths),
    reason: reason.nullable(),
    sinceMs,
    whyItStands: reason.optional(),
    isStandby,
    unknown: z.object({ reason, sinceMs, isStandby } satisfies ShapeOf<UnknownNow>).optional(),
  } satisfies ShapeOf<ComponentCondition>),
);

/** Validator of what a state says of a component's baseline. */
export const componentBaselineSchema: () => z.ZodType<ComponentBaseline> = onDemand(() =>
  z.object({
    component: text,
    state: z.enum(["learning", "refused", "ready"]),
    isProvisional: z.boolean().optional(),
    version: z.int().min(0),
    windows: z.int().min(0),
    neededWindows: z.int().min(0).optional(),
    suspicions: z.array(z.string().max(1024)).max(64),
    beyond: z.string().max(1024).optional(),
    later: z.string().max(2048).optional(),
    refusal: z.string().max(1024).optional(),
    severityDb: z
      .number()
      .nullable()
      .describe(
        "How loud the last window is above the baseline, dB of amplitude: 6 is twice; null: not known",
      ),
  } satisfies ShapeOf<ComponentBaseline>),
);

/** Validator of {@link TurbineState}; unknown fields are accepted and dropped. */
export const turbineStateSchema: () => z.ZodType<TurbineState> = onDemand(() =>
  z.object({
    site: id,
    turbine: id,
    gateway: id.optional().catch(undefined),
    time,
    operatingState: z.enum(operatingStates),
    health: z.enum(["ok", "alarm", "information-unavailable"]),
    healthReason: z.string().max(4096).optional(),
    components: z.array(componentConditionSchema()).max(256).optional(),
    alarms: z
      .array(
        z.object({
          component: text,
          failureMode: text,
          leadingMode: text.optional(),
          state: z.enum(alarmStates),
          until: shelvedUntilSchema(),
          conditionActive: z.boolean().optional(),
          since: time,
          probability,
          risk: riskSchema(),
          lane: z.enum(alarmLanes).optional(),
          severity: z.enum(alertSeverities).optional(),
        } satisfies ShapeOf<SaidAlarm>),
      )
      .max(maxStateItems),
    lastScores: z
      .array(
        z.object({
          component: text,
          failureMode: text,
          probability,
          risk: riskSchema(),
          time,
        } satisfies ShapeOf<TurbineState["lastScores"][number]>),
      )
      .max(maxStateItems),
    model: z.object({ name: text, version: text, digest: text }).nullable(),
    baselines: z.array(componentBaselineSchema()).max(64).optional(),
    drift: z
      .array(
        z.object({
          component: text,
          level: z.enum(driftLevels),
          since: time.nullable(),
          title: z.string().max(1024).nullable(),
        } satisfies ShapeOf<NonNullable<TurbineState["drift"]>[number]>),
      )
      .max(256)
      .optional(),
    devices: z
      .array(
        z.object({
          device: text,
          diagnoses: z.array(deviceDiagnosisSchema()).max(64),
        } satisfies ShapeOf<DiagnosedDevice>),
      )
      .max(256)
      .optional(),
    sources: z.array(diagnosedSourceSchema()).max(256).optional(),
    dataQuality: z.object({
      windowsProcessed: z.number().min(0),
      windowsQuarantined: z.number().min(0),
      quarantinedByReason: z.record(text, z.number().min(0)),
    } satisfies ShapeOf<TurbineState["dataQuality"]>),
  } satisfies ShapeOf<TurbineState>),
);

/** Validator of {@link GatewayStatus}; a last will may leave out all but the gateway and `online`. */
export const gatewayStatusSchema: () => z.ZodType<GatewayStatus> = onDemand(() =>
  z.object({
    gateway: id,
    online: z.boolean(),
    time: time.nullable().default(null),
    version: text.nullable().default(null),
    config: z.unknown().default(null),
    instance: z.string().max(64).nullable().optional(),
  } satisfies ShapeOf<GatewayStatus>),
);
