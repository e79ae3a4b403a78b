/**
 * What the fleet's record knows of the machines in the field, as a port. Who needs one, or a part of a list, names it: of all
 * turbines only what lists are searched and sorted by is made, and made anew only where something came.
 */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { HealthRecord } from "../../core/contract/uplink-record.ts";

/** Answers, as the fleet's record does, of which it is a part. */
export interface MachineRecord {
  /** All in the order of site and name, or those that are named, in any order. */
  turbines(only?: readonly TurbineRef[]): Promise<readonly RecordedTurbine[]>;
  /** All, in the same order, with brief states (`brief-state.ts`). */
  turbineBriefs(): Promise<readonly RecordedTurbine[]>;
  countTurbines(): Promise<number>;
  /** All in the order of their names, or those that are named, in any order. */
  gateways(only?: readonly string[]): Promise<readonly RecordedGateway[]>;
}

export interface TurbineRef {
  readonly site: string;
  readonly turbine: string;
}

/** A turbine as it was last heard of; says nothing of whether that is still true. */
export interface RecordedTurbine extends TurbineRef {
  /** Gateway that reported it, null before its first record. */
  readonly gateway: string | null;
  readonly lastSeenMs: number;
  /** Last retained state; null: there was none yet, or it was taken back. */
  readonly state: TurbineState | null;
  /** When its state was taken back: nobody watches it any more; null: somebody does. */
  readonly unwatchedMs: number | null;
  /** When a gateway last spoke of it after another, by the collector's clock; null: none ever did. */
  readonly twinnedMs: number | null;
  /** Those that did by turns; none: one has taken another's place. */
  readonly twins: readonly string[];
}

/** A gateway as it was last heard of. */
export interface RecordedGateway {
  readonly gateway: string;
  /** What its last status said; null before the first. */
  readonly online: boolean | null;
  readonly version: string | null;
  /** Last message of any kind, a state of its turbines among them, by the collector's clock. */
  readonly lastSeenMs: number;
  /** When it said, or the broker of it, that it is gone, by the collector's clock; null: it is not, or that was not heard when it happened. */
  readonly offlineMs: number | null;
  /** Last sign that two gateways speak under its id, by the collector's clock; null: none ever. */
  readonly clonedMs: number | null;
  readonly health: Omit<HealthRecord, "kind"> | null;
}
