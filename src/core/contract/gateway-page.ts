/** `/status` of a gateway: what commands read of it, each the part that it asks for, and what stands beside that in the same objects. */
import type { DeviceDiagnosis } from "./device/device-diagnosis.ts";
import type { DriftLevel } from "./drift-verdict.ts";

/** As a gateway of any version says it: what only newer ones say may be absent. There is more on the page, which no command reads. */
export interface GatewayPage {
  readonly gateway: string;
  /** As it runs, whatever its file says. */
  readonly profile?: "standard" | "small" | undefined;
  readonly windows: { readonly processed: number; readonly quarantined: number; readonly dropped: number };
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Null when nothing was predicted. */
  readonly startToFirstPredictionMs: number | null;
  readonly mqtt: {
    readonly connected: boolean;
    /** Of the protocol; null: not known yet. */
    readonly version?: number | null | undefined;
    readonly cloned?: boolean | undefined;
    readonly refusedFilters?: readonly string[] | undefined;
  };
  /** Alerts that the broker does not take. */
  readonly refusedAlerts?:
    | readonly { readonly topic: string; readonly component: string; readonly reason: string }[]
    | undefined;
  readonly outbox: {
    readonly records: number;
    readonly trouble?: string | null | undefined;
    /** The disk took more than a second for a write of the last ten minutes. */
    readonly slow?: boolean | undefined;
    readonly lanes?: { readonly alert: { readonly pending?: number | undefined } } | undefined;
  };
  /** Raw evidence on its way. */
  readonly evidence?:
    | {
        readonly waiting?: number | undefined;
        readonly held?: number | undefined;
        readonly pieceLimitBytes?: number | null | undefined;
        /** The bytes of the day are used up, until when; null: they are not. */
        readonly pausedUntilMs?: number | null | undefined;
      }
    | undefined;
  /** Of SCADA values. */
  readonly sources?: readonly SourceOnPage[] | undefined;
  readonly drift?:
    | {
        readonly points: readonly DriftOnPage[];
        /** Reports that could not be taken, by reason. */
        readonly refusedReports?: Readonly<Record<string, number>> | undefined;
      }
    | undefined;
  readonly devices: readonly DeviceOnPage[];
}

/** As a gateway of this version says it: nothing is absent. */
export type WholeGatewayPage = Whole<GatewayPage>;

interface SourceOnPage {
  readonly name: string;
  readonly connected: boolean;
  /** Values that came since the gateway started. */
  readonly readings?: number | undefined;
  readonly faults: readonly string[];
  /** The same with what to do. */
  readonly diagnoses?: readonly Pick<DeviceDiagnosis, "code" | "text" | "cure">[] | undefined;
  /** The last of each channel. */
  readonly values?:
    | readonly {
        readonly turbine: string;
        readonly channel: string;
        /** Null: none that JSON could write. */
        readonly value: number | null;
        readonly unit: string;
        readonly ageMs: number;
      }[]
    | undefined;
}

/** What was last found of a point. */
interface DriftOnPage {
  readonly turbine: string;
  readonly component: string;
  readonly level: DriftLevel;
  /** Since when, epoch ms; null: not known. */
  readonly sinceMs: number | null;
  /** What moved; null where nothing did. */
  readonly title: string | null;
  /** Days that the point's own reference rests on. */
  readonly referenceDays: number;
}

/** A device, without secrets. */
export interface DeviceOnPage {
  readonly id: string;
  readonly state: string | null;
  /** Why there is no contact; null: there is. */
  readonly noContact?: string | null | undefined;
  readonly firmware: string | null;
  readonly model: string | null;
  /** Windows of it that were decided since the gateway started, wherever its model runs. */
  readonly windows?: number | null | undefined;
  /** What is wrong with it, the worst first. */
  readonly diagnoses?: readonly DeviceDiagnosis[] | undefined;
  readonly push: { readonly stage: string; readonly confirmedBytes: number } | null;
  readonly health: DeviceCounts | null;
  /** Since it was last heard of, ms; null: not yet. */
  readonly silentMs?: number | null | undefined;
  /** What the gateway counted of its frames since it started. */
  readonly link?: { readonly badFrames: number } | null | undefined;
}

/** What a device counted since its boot, which may itself be an older one. */
interface DeviceCounts {
  readonly droppedSamples: number;
  readonly badFrames: number;
  readonly abandonedWindows?: number | undefined;
}

/** What a device, or a diagnosis, leaves out is no matter of the gateway's version. */
type Whole<T> = T extends DeviceCounts | DeviceDiagnosis
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Whole<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Whole<Exclude<T[Key], undefined>> }
      : T;
