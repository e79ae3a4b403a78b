/** What the ingest room takes in and lets through: blocks of waveform samples and scalar readings. */

/** When something came, by both clocks of the gateway. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly arrivedMs: number;
  /** Monotonic time, for latency and silence; 0 where a recording is played. */
  readonly arrivedMonotonicMs: number;
}

/** What its maker fills anew for every message: valid only until the next. */
export type Reused<T> = { -readonly [Key in keyof T]: T[Key] };

/** A run of waveform samples of one channel, recorded or as a device sent them. */
export interface RecordedBlock {
  /** Device and channel name as the device (or the configuration) calls them. */
  readonly deviceId: string;
  readonly channel: string;
  readonly unit: string;
  /** Epoch milliseconds of the first sample, by the device's clock or the gateway's at arrival. */
  readonly timestampMs: number;
  /** Index of the first sample since the device's session began; gaps show as jumps. */
  readonly firstSample: number;
  readonly sampleRateHz: number;
  /** Physical value = count · scale. */
  readonly scale: number;
  /** Shaft speed over this block; NaN when the device does not know it. */
  readonly shaftRpm: number;
  /** Raw counts. Valid only during the call: the buffer is reused. */
  readonly counts: Int16Array;
}

/** A piece of a block: `counts[from … to)`. Valid only during the call: who hands it over fills it anew each time. */
export interface SampleRun extends Pick<RecordedBlock, "counts" | "scale" | "shaftRpm"> {
  readonly from: number;
  readonly to: number;
}

/** A run of waveform samples that came. */
export interface SampleBlock extends RecordedBlock, Pick<Arrival, "arrivedMonotonicMs"> {}

/**
 * Makes a block without samples, to be filled for every message. Its numbers are doubles from the beginning: one that becomes
 * so later makes V8 compile all that reads it anew.
 */
export function createReusedBlock(): Reused<SampleBlock> {
  return {
    deviceId: "",
    channel: "",
    unit: "",
    timestampMs: Number.NaN,
    firstSample: Number.NaN,
    sampleRateHz: Number.NaN,
    scale: Number.NaN,
    shaftRpm: Number.NaN,
    counts: new Int16Array(0),
    arrivedMonotonicMs: Number.NaN,
  };
}

/** One scalar value of one channel. */
export interface Reading extends Arrival {
  /** Whom it speaks of: the device that sent it, or the turbine that a SCADA bridge (or its device) reports on. */
  readonly deviceId: string;
  readonly channel: string;
  readonly unit: string;
  readonly timestampMs: number;
  readonly value: number;
}

/** Why a block, a reading or a window was set aside. */
const quarantineReasons = [
  "unknown-channel",
  "unit",
  "rate",
  "range",
  "not-finite",
  "time-backwards",
  "time-jump",
  "gap",
  "stuck",
  "missing-value",
  "no-shaft-speed",
  "shaft-speed-changed",
  "malformed",
  "unknown-model",
  "score-mismatch",
  "overload",
] as const;

export type QuarantineReason = (typeof quarantineReasons)[number];

/** What lies behind a reason, where that changes what is done: a reading came before, a converter is at its end, nobody says the speed. */
type QuarantineCause = "sent-again" | "saturated" | "unknown-speed";

/** A counted record of bad data. */
export interface Quarantine {
  readonly reason: QuarantineReason;
  readonly cause?: QuarantineCause | undefined;
  /** As of the data: a device, or a turbine where a reading was set aside that a SCADA bridge sent. */
  readonly deviceId: string;
  readonly channel: string;
  readonly timestampMs: number;
  /** Of a window: when it ended, or its last sample came. */
  readonly endMs?: number;
  /** What was expected and what came, in one sentence. */
  readonly detail: string;
  /** Samples (or readings: 1) that were set aside. */
  readonly samples: number;
}

/** The schema of a device is no longer what the bundle's data contract says. */
export interface SchemaDrift {
  readonly deviceId: string;
  readonly timestampMs: number;
  readonly change: "new-channel" | "missing-channel" | "unit" | "rate";
  readonly channel: string;
  readonly expected: string;
  readonly actual: string;
}

/** A measuring point: one component of one turbine, watched by one bundle. */
export interface PointId {
  readonly site: string;
  readonly turbine: string;
  readonly component: string;
}

/** Is it one and the same measuring point? */
export function isSamePoint(one: PointId, other: PointId): boolean {
  return one.site === other.site && one.turbine === other.turbine && one.component === other.component;
}

/** Of a point's window that begins at `fromMs`. */
export function composeWindowId({ turbine, component }: Omit<PointId, "site">, fromMs: number): string {
  return `${turbine}/${component}/${fromMs}`;
}

/** Features whose line stands where a machine may have one that is not its bearing's, by what it may be. */
export interface ForeignLines {
  /** Electrical hum, a multiple of twice the mains' frequency. */
  readonly hum: readonly number[];
  /** A harmonic of the shaft. */
  readonly shaft: readonly number[];
}

/** The feature vector of one window. */
export interface FeatureWindow {
  readonly point: PointId;
  /** `<turbine>/<component>/<fromMs>`. */
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: number;
  /** Raw (not yet standardised) features, in the order of the spec. */
  readonly features: Float32Array;
  /** The same of the band above, where the sensor is fast enough to have one and it says something (src/adr/0028). */
  readonly upperFeatures?: Float32Array;
  /** Features and lines are of the snapshots before it as well (src/adr/0037); absent: of its own samples alone. */
  readonly isPooled?: boolean;
  /** Of its lines, and of those of the band above; absent: it is not known where lines stand, as of a window that a device scored. */
  readonly foreignLines?: ForeignLines;
  readonly upperForeignLines?: ForeignLines;
  /**
   * Where the line of each feature stands, in orders: less than 0 for the flank of a higher line, NaN where none stands out. And
   * of the band above. Absent as {@link foreignLines}.
   */
  readonly lineOrders?: Float32Array;
  readonly upperLineOrders?: Float32Array;
  /** Levels of the bundle's `baseline` section, dB, NaN where not heard; absent when it has none, and of a device's scores. */
  readonly levels?: Float32Array;
  /** Of the window's last sample. */
  readonly arrivedMonotonicMs: number;
  /** Where the model ran on it; left out: here, on the gateway. */
  readonly inferredOn?: InferencePlace;
}

/** All of a window but its name; the band above and `levels`: null for one that has none. */
export interface WindowParts
  extends Omit<
    Required<FeatureWindow>,
    "id" | "inferredOn" | "upperFeatures" | "upperLineOrders" | "levels"
  > {
  readonly upperFeatures: Float32Array | null;
  readonly upperLineOrders: Float32Array | null;
  readonly levels: Float32Array | null;
}

/** Puts a window together: of few shapes, for what reads it runs for every window of all points. */
export function composeWindow(parts: WindowParts): FeatureWindow {
  const { point, fromMs, toMs, shaftRpm, features, arrivedMonotonicMs } = parts;
  const { foreignLines, upperForeignLines, lineOrders } = parts;
  const id = composeWindowId(point, fromMs);
  const window: Reused<FeatureWindow> = {
    point,
    id,
    fromMs,
    toMs,
    shaftRpm,
    features,
    foreignLines,
    upperForeignLines,
    lineOrders,
    arrivedMonotonicMs,
  };
  if (parts.isPooled) window.isPooled = true;
  if (parts.upperFeatures !== null) window.upperFeatures = parts.upperFeatures;
  if (parts.upperLineOrders !== null) window.upperLineOrders = parts.upperLineOrders;
  if (parts.levels !== null) window.levels = parts.levels;
  return window;
}

/** Where a model ran. */
export type InferencePlace = "gateway" | "device";
