/**
 * What survives in the outbox when the disk or a quota is short, and what is sent first: one row a lane. (The order of
 * `lanes` in the contract is a lane's number on the wire and on the disk, and nothing else.)
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { dayMs } from "../../core/maths/durations.ts";

/** How a lane is kept. What is dropped of it, for whatever reason, is declared to the collector as a gap. */
type LanePolicy = ExpendableLane | KeptLane;

interface ExpendableLane {
  /** 1 is sent first and makes room last, but for what is thinned (`shedding`); no two lanes have the same. */
  readonly priority: number;
  /** Its records are dropped to make room for others. */
  readonly isExpendable: true;
  /**
   * Records older than this are dropped, {@link expiryStepMs} of them at a time, by the calendar's clock, where the collector has
   * confirmed it, and had when they were written: a wrong one ages nothing. Null: kept until the collector has stored them.
   */
  readonly timeToLiveMs: number | null;
  /** Bytes of bodies that the lane may hold on the disk; null: as much as the whole outbox may. */
  readonly quotaBytes: number | null;
  /**
   * What becomes of records that must make room: `summarise` thins predictions to rows of ten minutes as long as there
   * are finer ones, and drops them on the disk after all other lanes: a point-day takes 4 kB then, where one of drift
   * takes 280 kB. Default `drop`.
   */
  readonly shedding?: "drop" | "summarise";
}

/**
 * Nothing of it makes room for others, and what is on the disk stays there until the collector has stored it. What a full disk keeps
 * waiting in memory is bounded all the same (`outbox-buffer.ts`).
 */
interface KeptLane {
  readonly priority: number;
  readonly isExpendable: false;
  readonly timeToLiveMs: null;
  readonly quotaBytes: null;
}

/** A policy for every lane. */
export type LanePolicies = Readonly<Record<Lane, LanePolicy>>;

const mebibyte = 1024 * 1024;

/** Envelopes of a lane that are given out before the oldest of them is acknowledged. */
export const windowEnvelopes = 4;
/** Records in one envelope. */
export const maxRecordsOfEnvelope = 200;

/** As long as any lane keeps what may be dropped. */
export const longestKeptMs: number = 400 * dayMs;

/** The lanes' policies, unless a test says otherwise. Predictions older than 90 days no collector keeps. */
export const lanePolicies: LanePolicies = {
  alert: { priority: 1, isExpendable: false, timeToLiveMs: null, quotaBytes: null },
  update: { priority: 2, isExpendable: false, timeToLiveMs: null, quotaBytes: null },
  drift: { priority: 3, isExpendable: true, timeToLiveMs: longestKeptMs, quotaBytes: null },
  prediction: {
    priority: 4,
    isExpendable: true,
    timeToLiveMs: 90 * dayMs,
    quotaBytes: null,
    shedding: "summarise",
  },
  raw: { priority: 5, isExpendable: true, timeToLiveMs: 30 * dayMs, quotaBytes: 64 * mebibyte },
};

/** The lanes in the order in which they are sent. */
export function sendingOrder(policies: LanePolicies): readonly Lane[] {
  return lanes.toSorted((left, right) => policies[left].priority - policies[right].priority);
}

/** The expendable lanes, the one that makes room first in front. */
export function sheddingOrder(policies: LanePolicies): readonly Lane[] {
  return sendingOrder(policies)
    .filter((lane) => policies[lane].isExpendable)
    .reverse();
}

/** The other lanes, in the order in which memory that is at its end drops them. */
export function lastResortOrder(policies: LanePolicies): readonly Lane[] {
  return sendingOrder(policies)
    .filter((lane) => !policies[lane].isExpendable)
    .reverse();
}

/** What is too old is dropped so much at a time: each time declares one gap, in a lane that makes no room. */
export const expiryStepMs: number = dayMs;

/** A value for every lane. */
export function eachLane<T>(value: (lane: Lane) => T): Record<Lane, T> {
  return Object.fromEntries(lanes.map((lane) => [lane, value(lane)])) as Record<Lane, T>;
}
