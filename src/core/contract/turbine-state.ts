/** Retained state of a turbine, as subscribers see it. */
import { z } from "zod";
import { type AlarmState, alarmStates } from "./alert.ts";
import { type ModelRef, type OperatingState, operatingStates } from "./prediction.ts";
import { idPattern } from "./topics.ts";

/** `health`: what one may believe of the turbine now. A stopped turbine is not healthy, it is unknown. */
export type TurbineHealth = "ok" | "alarm" | "information-unavailable";

/** Payload of `<base>/turbine/<site>/<turbine>/state`. */
export interface TurbineState {
  readonly site: string;
  readonly turbine: string;
  /** RFC 3339. */
  readonly time: string;
  readonly operatingState: OperatingState;
  readonly health: TurbineHealth;
  readonly alarms: readonly {
    readonly component: string;
    readonly failureMode: string;
    readonly state: AlarmState;
    readonly since: string;
    readonly probability: number;
  }[];
  /** Last calibrated probability by component and failure mode. */
  readonly lastScores: readonly {
    readonly component: string;
    readonly failureMode: string;
    readonly probability: number;
    readonly time: string;
  }[];
  readonly model: ModelRef | null;
  /** Of the components whose model knows healthy baselines; older gateways say nothing. */
  readonly baselines?:
    | readonly {
        readonly component: string;
        readonly state: "learning" | "ready";
        /** Counts the baselines of this point; 0: none yet. */
        readonly version: number;
        /** Windows learnt so far, or that the baseline rests on. */
        readonly windows: number;
        /** Why the machine may not have been healthy while it was learnt. */
        readonly suspicions: readonly string[];
        /** dB above the baseline, of the last window; null: not known. */
        readonly severityDb: number | null;
      }[]
    | undefined;
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
}

const id = z.string().regex(idPattern);
const text = z.string().max(256);
const time = z.iso.datetime({ offset: true });
const probability = z.number().min(0).max(1);

/** Validator of {@link TurbineState}; unknown fields are accepted and dropped. */
export const turbineStateSchema: z.ZodType<TurbineState> = z.object({
  site: id,
  turbine: id,
  time,
  operatingState: z.enum(operatingStates),
  health: z.enum(["ok", "alarm", "information-unavailable"]),
  alarms: z
    .array(
      z.object({ component: text, failureMode: text, state: z.enum(alarmStates), since: time, probability }),
    )
    .max(256),
  lastScores: z.array(z.object({ component: text, failureMode: text, probability, time })).max(256),
  model: z.object({ name: text, version: text, digest: text }).nullable(),
  baselines: z
    .array(
      z.object({
        component: text,
        state: z.enum(["learning", "ready"]),
        version: z.int().min(0),
        windows: z.int().min(0),
        suspicions: z.array(z.string().max(1024)).max(64),
        severityDb: z.number().nullable(),
      }),
    )
    .max(64)
    .optional(),
  dataQuality: z.object({
    windowsProcessed: z.number().min(0),
    windowsQuarantined: z.number().min(0),
    quarantinedByReason: z.record(text, z.number().min(0)),
  }),
});

/** Validator of {@link GatewayStatus}; a last will may leave out all but the gateway and `online`. */
export const gatewayStatusSchema: z.ZodType<GatewayStatus> = z.object({
  gateway: id,
  online: z.boolean(),
  time: time.nullable().default(null),
  version: text.nullable().default(null),
  config: z.unknown().default(null),
});
