/** Retained state of a turbine, as subscribers see it. */
import type { AlarmState } from "./alert.ts";
import type { ModelRef, OperatingState } from "./prediction.ts";

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
