/**
 * The fleet's record as a port: what the collector keeps and what may be asked of it. Every method promises, whatever
 * the engine; a batch is stored as a whole or not at all.
 *
 * Another engine: a folder beside `sqlite/` that keeps `record-rules.ts` and steps watermarks by `core/wire/uplink-ack.ts`; a
 * line in the suite that runs over all engines (`test/collector/record/fleet-record-suite.ts`); a key in
 * `core/contract/config/collector-config.ts`, by which `collector/open-record.ts` opens it; its driver as a door and in the
 * collector's list of vendors in `test/architecture.test.ts`.
 */
import type { AlarmState, AlertEvent, AlertTransition } from "../../core/contract/alert.ts";
import type { Result } from "../../core/contract/result.ts";
import type { GatewayStatus, TurbineState } from "../../core/contract/turbine-state.ts";
import type {
  AlertRecord,
  EventRecord,
  UpdateRecord,
  UplinkEnvelope,
  UplinkRecord,
} from "../../core/contract/uplink-record.ts";
import type { AlertEventRecord } from "./alert-event-record.ts";
import type { DriftRecord, DriftWrites, TurbineFilter } from "./drift-record.ts";
import type { EvidenceRecord, EvidenceWrites } from "./evidence-record.ts";
import type { MachineRecord, TurbineRef } from "./machine-record.ts";
import type { PredictionRecord } from "./prediction-record.ts";
import type { QuarantineListing } from "./quarantine-listing.ts";
import type { PrunedClass } from "./retention-policy.ts";

/** What survives a power cut once a method has resolved, in every engine. Pruning is none of it: what such a cut brings back is pruned again. */
export interface DurableWrites extends DriftWrites, EvidenceWrites {
  /** Stores records with the watermarks of their lanes; one answer per envelope. */
  storeEnvelopes(batch: EnvelopeBatch): Promise<readonly StoredEnvelope[]>;
  /** Stores what turbines and gateways last said of themselves; resolves with those that it had to set aside, each alone. */
  storeStates(batch: StateBatch): Promise<readonly SetAsideMessage[]>;
  /** Stores what the collector itself has to say. */
  storeOwnEvent(event: EventRecord, nowMs: number): Promise<void>;
}

/** Stores and answers. All times are epoch milliseconds. Every method rejects with AuroraError STORE when the engine fails. */
export interface FleetRecord
  extends AlertEventRecord,
    DurableWrites,
    DriftRecord,
    EvidenceRecord,
    MachineRecord,
    PredictionRecord {
  /** Adds to the cells of predictions that a gateway has sent today (UTC); resolves with their number, of all who count. */
  countPredictions(use: PredictionUse): Promise<number>;
  /** Active ones first, then the newest; by `urgency` before these those that are not withheld, not acknowledged, critical, in this order. */
  alarms(query: AlarmQuery): Promise<Listing<RecordedAlarm>>;
  /** Turbines with active alarms, in the order of site and name. */
  alarmingTurbines(): Promise<readonly AlarmingTurbine[]>;
  /** Newest first, by their times as far as these can be right (`clock-rules.ts`). */
  events(query: EventQuery): Promise<Listing<RecordedEvent>>;
  /** Of each deed its event, of its gateway alone: the first that names its alert, else the nearest that names none, no further from it than `togetherMs`; null: there is none. */
  eventsAt(moments: readonly EventMoment[]): Promise<readonly (RecordedEvent | null)[]>;
  /** As events. */
  updates(query: GatewayQuery): Promise<Listing<RecordedUpdate>>;
  /** Newest first. */
  quarantine(limit: number): Promise<QuarantineListing>;
  /** Removes what is older than its class's time, at the latest a day after; resolves with how many rows, or about how many where whole days go. */
  prune(olderThanMs: Readonly<Record<PrunedClass, number>>): Promise<number>;
  /**
   * May `holder` do the work of this name for the next `forMs`? Of all processes on one record one may at a time, until it
   * gives the lease back or is not heard of for so long; it asks again to keep it.
   */
  holdLease(name: string, lease: { readonly holder: string; readonly forMs: number }): Promise<boolean>;
  /** Gives all leases of a holder back. */
  releaseLeases(holder: string): Promise<void>;
  /**
   * A number that becomes another one when what was stored may be lost: a standby that was behind took over, or a copy was restored. What is
   * told once alone must be asked for again then.
   */
  era(): Promise<number>;
  /** Rejects when nothing can be read. */
  check(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Cells of predictions (rows times failure modes) that were stored of a gateway. */
export interface PredictionUse {
  readonly gateway: string;
  readonly cells: number;
  readonly nowMs: number;
}

/** What came over the uplink, in the order of its arrival. */
export interface EnvelopeBatch {
  readonly nowMs: number;
  readonly envelopes: readonly CheckedEnvelope[];
  readonly setAside: readonly SetAsideMessage[];
  /** How long it may wait for each lock that somebody else holds, ms; PostgreSQL alone reads it. Default: as long as the engine waits. */
  readonly lockMs?: number | undefined;
}

/** An envelope whose records were checked one by one. Of a bad record only the fault is kept, and its sequence. */
export interface CheckedEnvelope extends Omit<UplinkEnvelope, "records">, UplinkMessage {
  readonly records: readonly Result<StorableRecord, RecordFault>[];
}

/** Who sent a record, and when it arrived. */
export interface RecordSource {
  readonly gateway: string;
  readonly receivedMs: number;
  /** Was its gateway's clock far behind when that last said the time? Default: no. */
  readonly isBehind?: boolean;
}

/** One life of a gateway's outbox. */
export type LaneKey = Pick<UplinkEnvelope, "gateway" | "bootId" | "lane">;

/** A record whose ids, times and columns are good; an alert is read already. */
export type StorableRecord =
  | Exclude<UplinkRecord, AlertRecord>
  | { readonly kind: "alert"; readonly event: AlertEvent };

/** A message as it came; its first bytes are kept when something in it is set aside. */
export interface UplinkMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** A message that could not be understood. */
export interface SetAsideMessage extends UplinkMessage {
  readonly fault: RecordFault;
}

/** Why a message or a record was set aside. */
export interface RecordFault {
  readonly reason:
    | "envelope-invalid"
    | "topic-mismatch"
    | "state-invalid"
    | "alert-invalid"
    | "foreign-site"
    /** Of a gateway that is not in the list of the enrolment. */
    | "not-enrolled"
    | "id-invalid"
    | "shape-invalid"
    /** Sketches of other bins than those of the model, or of the period so far. */
    | "drift-bins"
    /** Of a time that cannot be: of the future, or from before all that an outbox may hold. */
    | "drift-clock"
    /** Older than what is kept here, and its time may be right. */
    | "drift-late"
    /** Of more points, loads or open periods than one gateway may occupy. */
    | "drift-bounds"
    /** Of more turbines, points, failure modes, alarms or events than one gateway may occupy (`record-bounds.ts`). */
    | "gateway-bounds"
    /** Larger than one record may be. */
    | "record-bounds"
    /** A piece of raw evidence that cannot be what it says, is not the next one, or is more than its gateway may have under way. */
    | "evidence-refused"
    /** The engine itself stumbled over the record. */
    | "not-storable";
  readonly detail: string;
}

/** What became of an envelope. */
export interface StoredEnvelope {
  readonly outcome: "stored" | "duplicate" | "hole";
  /** Highest sequence of its lane up to which everything is stored: what may be acknowledged. */
  readonly watermark: number;
  /** Records that its gateway dropped before they were stored here; 0 for a lane that was never heard of. */
  readonly missing: number;
  /** The records that were new, in order: their kind, or why they were set aside. */
  readonly records: readonly Result<UplinkRecord["kind"], RecordFault>[];
}

/** When a state was heard of. */
export interface SeenState {
  /** By the collector's clock. */
  readonly seenMs: number;
  /** As it came, for the case that it must be set aside. */
  readonly message?: UplinkMessage;
}

/** The newest states of turbines and gateways. */
export interface StateBatch {
  readonly nowMs: number;
  readonly turbines: readonly (SeenState & {
    readonly state: TurbineState;
    /** Gateways that speak of it by turns, of which an event tells when it begins; none: another one has spoken before. Default: null. */
    readonly twins?: readonly string[] | null;
  })[];
  readonly gateways: readonly (SeenState & {
    readonly status: GatewayStatus;
    /** Another gateway has spoken under its id, and both go on; when that begins, an event tells of it. Default: no. */
    readonly cloned?: boolean;
  })[];
  readonly setAside: readonly SetAsideMessage[];
  /** Turbines whose states were taken back: nobody watches them, until one has a state again. Default: none. */
  readonly unwatched?: readonly (SeenState & TurbineRef)[];
}

/** A list that may go on. */
export interface Listing<T> {
  readonly total: number;
  /** There are more than `total`, which are not counted; absent: that is all. */
  readonly totalIsAtLeast?: true;
  readonly items: readonly T[];
}

/** Which part of a list. */
interface ListRange {
  readonly limit: number;
  readonly offset: number;
}

/** Part of a list, of one gateway or of all. */
export interface GatewayQuery extends ListRange {
  readonly gateway?: string | undefined;
  /** Those that hold each of its words, whatever their case (ASCII), in their names or words; none: all. */
  readonly search?: string | undefined;
}

export interface EventQuery extends GatewayQuery {
  /** Events of this name alone. */
  readonly name?: string | undefined;
}

/** An event of what a person did, by the alert that told of it: however many came since, it is found. */
export interface EventMoment {
  /** Id of the alert, which the event names at its end; that of an older gateway names none. */
  readonly alertId: string;
  /** Whose event it is: who sent the alert. */
  readonly gateway: string;
  readonly name: string;
  readonly subject: string;
  /** When the alert says that it was, as it is believed. */
  readonly atMs: number;
}

/** What an alert tells of a step and an event of it that does not name the alert lie no further apart. */
export const togetherMs = 5_000;

export interface AlarmQuery extends ListRange, TurbineFilter {
  /** Those that hold each of its words, whatever their case (ASCII), in site, turbine, component or failure mode; none: all. */
  readonly search?: string | undefined;
  readonly active?: boolean | undefined;
  readonly order?: "urgency" | undefined;
}

/** An alarm with its latest event and its life: from a `raised` event of a failure mode of a point until the next one. A newer state counts. */
export interface RecordedAlarm {
  readonly alarm: number;
  /** Not yet cleared. */
  readonly active: boolean;
  /** Since when its latest event says that it stands, or `firstMs` where that cannot be right. */
  readonly sinceMs: number;
  /** Of its first and its latest event; by their arrival where their own times cannot be right. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** When its turbine's state said of it what no event has told here; null: events told all. */
  readonly saidMs: number | null;
  /** The latest event, with all fields that the collector knows; with what the state said where `saidMs` is not null, and of the state alone where no event came. */
  readonly event: AlertEvent;
  /** In order of time; of a long life the first and the newest. */
  readonly steps: readonly AlarmLifeStep[];
}

/** A turbine with active alarms. */
export interface AlarmingTurbine extends TurbineRef {
  /** How many; at least one. */
  readonly alarms: number;
}

/** One step in the life of an alarm. Its id is its turbine's own: an event of another turbine may have the same. */
export interface AlarmLifeStep {
  readonly eventId: string;
  /** Who sent it; null: that was not kept of steps then. */
  readonly gateway: string | null;
  readonly transition: AlertTransition;
  /** Of the alarm after it; null: that was not kept of steps then. */
  readonly state: AlarmState | null;
  /** By its arrival where its own time cannot be right. */
  readonly timeMs: number;
  /** When it arrived, by the collector's clock. */
  readonly receivedMs: number;
  readonly probability: number;
  /** At the site's prior; null: not known. */
  readonly risk: number | null;
}

/** Something that people should know. */
export interface RecordedEvent extends Omit<EventRecord, "kind"> {
  readonly id: number;
  /** When it happened, as far as its time can be right; else when it arrived. */
  readonly believedMs: number;
  readonly gateway: string;
}

/** A step of an update. */
export interface RecordedUpdate extends Omit<UpdateRecord, "kind"> {
  readonly id: number;
  /** When it happened, as far as its time can be right; else when it arrived. */
  readonly believedMs: number;
  readonly gateway: string;
}
