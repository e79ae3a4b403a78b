/**
 * The configuration of a gateway: one YAML file. Every key has a description (it becomes the published JSON schema,
 * see `gateway-config-schema.ts`) and, where one is sensible, a default. Secrets stand in files or in the environment, never in the YAML itself.
 */
import type { BearingOrders } from "../bundle/bearing.ts";
import type { StatedShafts } from "../stated-shafts.ts";
import type { BrokerLoginConfig } from "./config-parts.ts";
import type { EvidenceConfig } from "./evidence-config.ts";
import type { ModbusConfig } from "./modbus-config.ts";
import type { OpcUaConfig } from "./opcua-config.ts";
import type { ScadaConfig } from "./scada-config.ts";

/** Where and as whom to reach the broker. */
interface MqttConfig extends BrokerLoginConfig {
  readonly url: string;
  readonly base: string;
  readonly maxPacketBytes: number;
}

/** A microcontroller and the way to it. */
export interface DeviceConfig {
  readonly id: string;
  /** serial path (`/dev/serial/by-id/...`), `tcp://HOST:PORT` or `mqtt`. */
  readonly connect: string;
  readonly baud: number;
  /** Who infers: the gateway (`raw`), the device (`edge`), or the device and the gateway checks it (`both`). */
  readonly mode: "raw" | "edge" | "both";
  /** File with the device's key; null: no model is pushed to it. */
  readonly keyFile: string | null;
  /** In mode `edge`: raw samples that the device sends after every score that is an alarm, kept as recordings. */
  readonly alarmRawSamples: number;
  /** In mode `edge`: seconds of raw samples that are asked of the device when an alert is raised by its scores; 0: none; null: by the alert's window. */
  readonly alertCaptureSeconds: number | null;
}

/** One component of one turbine, watched by one bundle. */
export interface PointConfig extends StatedShafts {
  readonly component: string;
  readonly bundle: string;
  /** Id of the device and the name of its channel. */
  readonly device: string;
  readonly channel: string;
  readonly bearing: BearingOrders;
  /**
   * Turns of the bearing's shaft in one turn of the shaft whose speed is told (by the device, its readings, SCADA): 0.0133 where a
   * generator's is told and the bearing sits on the rotor's. Absent: it is the bearing's own.
   */
  readonly speedRatio?: number | undefined;
  /** Speed of the bearing's own shaft to assume where none is told; null: such windows are set aside. */
  readonly shaftRpm: number | null;
  /** Counted up by hand after maintenance or a change of the sensor: the healthy baseline is then learnt again. */
  readonly baselineEpoch: number;
}

export interface TurbineConfig {
  readonly id: string;
  readonly points: readonly PointConfig[];
  /** Bundle that watches the values of the turbine's SCADA bridge, or null; see `scada`. */
  readonly scadaBundle: string | null;
  /** The logbook: components that failed and were mended. Their past starts over. */
  readonly repairs: readonly {
    readonly component: string;
    /** Date of the failure, in the time of the data. */
    readonly date: string;
  }[];
}

/**
 * `small`: for a machine with little memory. The student runs as integers in TypeScript, no native engine is loaded, and caches
 * are smaller; the decisions are the same.
 */
export type GatewayProfile = "standard" | "small";

export interface GatewayConfig {
  readonly gateway: {
    readonly id: string;
    readonly site: string;
    readonly stateDir: string;
    readonly httpHost: string;
    readonly httpPort: number;
    /** By which it is asked, besides addresses and this machine's own name. */
    readonly httpNames: readonly string[];
    readonly profile: GatewayProfile;
    /** Threads beside the main one that cut windows; null: by points and cores (ADR 59). */
    readonly workers: number | null;
  };
  readonly mqtt: MqttConfig;
  readonly devices: readonly DeviceConfig[];
  readonly turbines: readonly TurbineConfig[];
  readonly scada: readonly ScadaConfig[];
  readonly modbus: readonly ModbusConfig[];
  readonly opcua: readonly OpcUaConfig[];
  readonly bundles: {
    readonly dir: string;
    readonly trustedKeys: readonly string[];
    readonly engine: "auto" | "onnx" | "integer";
  };
  readonly updates: {
    readonly enabled: boolean;
    readonly url: string | null;
    readonly caFile: string | null;
    readonly rootFile: string | null;
    readonly pollSeconds: number;
  };
  readonly operation: {
    readonly standbyBelowRpm: number;
    readonly dataTimeoutSeconds: number;
  };
  /** How the points' healthy baselines are learnt. */
  readonly commissioning: { readonly minWindows: number; readonly minHours: number };
  readonly alarms: {
    /** Budget of false alarms for one turbine in one year, all its points and failure modes together; above 0, to 1000. */
    readonly falsePerTurbineYear: number;
    /**
     * Probability, above 0 and below 0.5, that a component has a fault before anything of it is heard. The default is the
     * share of a bearing's time that lies within 60 days of its failure (the costs in `train.yaml`).
     */
    readonly faultPrior: number;
    /** Where a machine must stop, dB above its own healthy baseline; null: by zones and its own spread (ADR 34). */
    readonly stopDb: number | null;
  };
  readonly drift: {
    readonly intervalSeconds: number;
    /** Length of what is assessed at once, an interval or longer: a day, but for demonstrations. */
    readonly periodSeconds: number;
    /** Probability that a period like a point's own reference is called drift, above 0, to 0.05. */
    readonly falsePerPointDay: number;
    /** Periods of operation that a point's own reference needs at least, 5 to 90. */
    readonly learnDays: number;
  };
  readonly uplink: {
    readonly predictionIntervalSeconds: number;
    readonly healthIntervalSeconds: number;
    /** File with the key of this gateway's enrolment; null: whoever may write to the topic is believed. */
    readonly ackKeyFile: string | null;
    /** Upper bound of everything but alerts. */
    readonly backlogKibibytesPerSecond: number;
  };
  /** The database in the state folder. */
  readonly store: {
    /** Bound of its pages in use; what must not be lost is kept beyond. */
    readonly maxMebibytes: number;
    /** Room that is kept on the disk for what must not be lost, at most a sixteenth of the file system. */
    readonly reserveMebibytes: number;
  };
  /** Raw samples that may leave the site. */
  readonly evidence: EvidenceConfig;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
}
