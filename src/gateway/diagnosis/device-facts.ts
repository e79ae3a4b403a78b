/** What is known of one device just now, and what may be concluded of it. Values only. */
import type { Quarantine } from "../../core/contract/stream.ts";
import type { LevelDifference } from "./level-difference.ts";
import type { PaceEstimate } from "./pace-segments.ts";
import type { SnapshotLoss } from "./sample-runs.ts";
import type { Pace } from "./stream-pace.ts";

/** Counts of the last half minute are `recent`. */
export interface DeviceFacts {
  /** The device infers, and sends raw samples only when asked. */
  readonly infersItself: boolean;
  /** Its packets come through a broker. */
  readonly isOverMqtt: boolean;
  readonly contact: {
    /** No broker: the gateway has lost the one that the device speaks through, or that is not back for long: nobody can say how the device is. */
    readonly state: "closed" | "no-broker" | "connecting" | "waiting-for-hello" | "established" | "refused";
    /** Why it is so, and what the link advises to do (empty: it does not). */
    readonly reason: string;
    readonly hint: string;
    readonly forMs: number;
    /** For how long it has been asked in vain to take its configuration, ms; 0: it has taken it. NaN: it was not asked yet. */
    readonly unconfiguredMs: number;
    /** Why it refuses its configuration; empty: it says nothing. */
    readonly objection: string;
    /** Why it is turned away, also while the connection is made again, and what to do (empty: nothing is known); null: it is not. */
    readonly refusal: { readonly reason: string; readonly hint: string } | null;
    /** How often the other side ended the connection in the last minute, and with which words it last did. */
    readonly endsInMinute: number;
    readonly endedBy: string;
    /** Connections in a row on which it took its configuration and was not heard again. */
    readonly silences: number;
  };
  /** Null before a hello. */
  readonly announced: readonly string[] | null;
  /** Channels that measuring points take from it. */
  readonly expected: readonly string[];
  readonly restartsInMinute: number;
  readonly restartsInHour: number;
  /** Returns of an earlier session in two minutes. */
  readonly returns: number;
  /** Why the newest push of a model left it without; null: it has what it was given, or was given nothing. */
  readonly modelTrouble: ModelTrouble | null;
  readonly model: ModelStanding;
  /** A score of it came since its boot, or it says that it made one; undefined: it does not say how many it made. */
  readonly hasScored: boolean | undefined;
  /** It announced a channel of the shaft's speed. */
  readonly tellsSpeed: boolean;
  /** Since the last sample, reading or score while the gateway was there to hear it, ms; infinite before the first. */
  readonly silentMs: number;
  /** Messages that broke the protocol since then, in this session. */
  readonly malformedSince: number;
  /** How long it usually pauses between snapshots, ms; 0: it streams. */
  readonly pauseMs: number;
  readonly snapshotLoss: SnapshotLoss;
  /** What is taken off its times, ms. */
  readonly clockAheadMs: number;
  readonly isClockUnset: boolean;
  /** As the newest block of samples says; NaN: it does not. */
  readonly shaftRpm: number;
  /** Below this its turbine stands by. */
  readonly standbyBelowRpm: number;
  /** For ten minutes and more it has vibrated as of a machine in operation, while the shaft was said to hardly turn. */
  readonly vibratesStanding: boolean;
  /** The same of its turbine's power. */
  readonly makesPowerStanding: boolean;
  /** Below standby, kept for an hour and more, and never passed; NaN: there is none. */
  readonly steadyRpm: number;
  /** What it says of the shaft's speed and what SCADA says have been two speeds for longer than one of them may be late. */
  readonly contradictsScada: boolean;
  readonly pace: Pace;
  readonly estimate: PaceEstimate | null;
  /** Of the channel that was estimated. */
  readonly saidRateHz: number;
  readonly recent: RecentFacts;
  /** Which rule its newest malformed message broke; empty: there was none. */
  readonly lastMalformed: string;
  /** What most of its data was set aside for; null: nothing was. */
  readonly setAsideFor: Pick<Quarantine, "reason" | "cause" | "detail"> | null;
  /** Of the expected channels that were heard while the shaft was known to turn. */
  readonly levels: readonly ChannelLevel[];
  /** Against the bundle's healthy machines; null: not known. */
  readonly level: LevelDifference | null;
}

/** A model that a push left a device without: which and why, and what to do. */
export interface ModelTrouble {
  readonly text: string;
  readonly cure: string;
}

/** What is known of a device's model, and of the one that it should have. */
export interface ModelStanding extends ToldSpeeds {
  /** Version that the device runs; null: none. Undefined: not known. */
  readonly runs: string | null | undefined;
  /** Version that serves on the gateway; null: not known. */
  readonly serves: string | null;
  /** The device's is the newer one: it takes no older one. */
  readonly isNewer: boolean;
  /** The gateway has its key, and gives it models. */
  readonly hasKey: boolean;
  /** A model is on its way to it. */
  readonly isPushed: boolean;
  /** Its measuring point states the shaft speed. */
  readonly statesSpeed: boolean;
  /** Its turbine's shaft speed is mapped from SCADA, and why it may be missing, as far as that is known (empty: it is not); null: it is not mapped. */
  readonly mappedSpeed: string | null;
}

/** What is told of its turbine beside its samples, rpm and kW; NaN: it is not known. */
export interface ToldSpeeds {
  /** The shaft speed that counts where a block says none. */
  readonly toldRpm: number;
  readonly toldKw: number;
  /** The shaft speed by readings of its own, and by SCADA. */
  readonly readingRpm: number;
  readonly scadaRpm: number;
}

/** Nothing is told. */
export const untold: ToldSpeeds = {
  toldRpm: Number.NaN,
  toldKw: Number.NaN,
  readingRpm: Number.NaN,
  scadaRpm: Number.NaN,
};

/** Of a device that nobody asks for its model. */
export const unknownModel: ModelStanding = {
  runs: undefined,
  serves: null,
  isNewer: false,
  hasKey: false,
  isPushed: false,
  statesSpeed: false,
  mappedSpeed: null,
  ...untold,
};

/** Counts of the last 30 to 40 s. */
export const recentNames = [
  "bytes",
  "frames",
  "twice",
  "late",
  "lost",
  "damaged",
  /** Of the damaged ones: whole, with the flag "session", and not bound to one. */
  "unbound",
  /** Without that flag where it belongs. */
  "unflagged",
  "malformed",
  "hellos",
  "configurations",
  "samples",
  "missing",
  "blocks",
  "again",
  /** Blocks whose first sample has the index of the block before. */
  "standing",
  /** Blocks that vibrate as of a running machine, at a speed below standby that were one above it in Hz. */
  "hertz",
  "setAside",
  "readings",
  "notNumbers",
] as const;

export type RecentName = (typeof recentNames)[number];

/** A count, and whether it grew in more than one of the steps: what happened once is an event, not a habit. */
export interface RecentCount {
  readonly count: number;
  readonly isHabit: boolean;
}

type RecentFacts = Readonly<Record<RecentName, RecentCount>>;

/** A channel's signal over the last seconds. */
export interface ChannelLevel {
  readonly channel: string;
  readonly unit: string;
  readonly mean: number;
  /** Of what alternates, in the unit and in counts of the converter. */
  readonly rms: number;
  readonly rmsCounts: number;
  /** The same of what is faster than a hum. */
  readonly fastRmsCounts: number;
  /** Where the signal lies, by how fast it changes. */
  readonly hertz: number;
  /** The physical value of a count, and the counts of the converter's smallest step. */
  readonly scale: number;
  readonly step: number;
  /** Share of the samples that stand at an end which none passes, and the end in the unit; 0: none. */
  readonly cutShare: number;
  readonly cutAt: number;
}

/** What was found. */
export interface DiagnosisFinding {
  readonly text: string;
  readonly cure: string;
  readonly isQuestion?: true;
}

/** Null: it is not so. Undefined: it cannot be said just now, and what was said before stands. */
export type DiagnosisVerdict = DiagnosisFinding | null | undefined;
