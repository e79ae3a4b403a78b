/** The part of the fleet's record that gives back alert events whole, as they were published: what a model said when it raised, and why. */
import type { AlertEvent } from "../../core/contract/alert.ts";

export interface AlertEventRecord {
  /** Of one alarm, in the order in which they came; an unknown alarm has none. */
  alertEvents(query: AlertEventQuery): Promise<AlertEventList>;
}

export interface AlertEventList {
  readonly total: number;
  readonly items: readonly RecordedAlertEvent[];
}

export interface AlertEventQuery {
  /** Number of the alarm. */
  readonly alarm: number;
  /** That one alone; left out: all. */
  readonly event?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** An alert event as it was published, and when it arrived. */
export interface RecordedAlertEvent {
  /** By its arrival where its own time cannot be right. */
  readonly timeMs: number;
  /** By the collector's clock. */
  readonly receivedMs: number;
  readonly event: AlertEvent;
}
