/**
 * What a record, a measuring point, a turbine and a gateway may occupy, and how much is done at once: one table. What is
 * beyond is refused alone, counted, and named with its gateway; what drift may occupy stands in `drift-rules.ts`. Every
 * engine holds to the bounds of what is stored; the bounds of messages are held before a record reaches an engine.
 */

import type { PredictionBatch, UplinkRecord } from "../../core/contract/uplink-record.ts";
import type { TurbineRef } from "./machine-record.ts";

type BoundName =
  | "predictionCells"
  | "predictionBytes"
  | "rowWindows"
  | "labelBytes"
  | "alertCharacters"
  | "modesPerPoint"
  | "pointsPerTurbine"
  | "alarmKindsPerTurbine"
  | "turbinesPerGateway"
  | "unclaimedTurbines"
  | "livesPerGateway"
  | "alertsPerDay"
  | "noticesPerDay"
  | "labelsPerDay"
  | "predictionCellsPerDay"
  | "transactionCost"
  | "readingMs"
  | "states"
  | "stateBytes"
  | "waitingBytesPerGateway"
  | "answerRows";

/** The table. A gateway of a real site stays below a tenth of each; of the cells of a day see there. */
export const recordBounds: Readonly<Record<BoundName, number>> = {
  /** Cells (rows times failure modes) of one batch of predictions. A gateway sends 15 rows at a time. */
  predictionCells: 8_192,
  /** Bytes of one record that holds such a batch: more are not decoded. */
  predictionBytes: 131_072,
  /** Windows that a row of predictions says it sums up. */
  rowWindows: 100_000_000,
  /**
   * Bytes (UTF-8) of the model's version and the failure modes' names of a batch of predictions, and eight for each name: PostgreSQL keeps
   * them in one row of an index, of 2,704 bytes at most, in which a name takes up to seven more.
   */
  labelBytes: 2_400,
  /** Characters of one alert event, as JSON. */
  alertCharacters: 65_536,
  /** Failure modes that a measuring point has had predictions of, within the time that these are kept. */
  modesPerPoint: 64,
  /** Measuring points of a turbine. */
  pointsPerTurbine: 128,
  /** Components times failure modes of a turbine that ever had an alarm. */
  alarmKindsPerTurbine: 512,
  /** Turbines that a gateway was the last to speak of. */
  turbinesPerGateway: 512,
  /** Turbines that only a state names, of all gateways together: no envelope has said yet whose they are. */
  unclaimedTurbines: 20_000,
  /** Lives of a gateway's outbox; the one that was silent for longest is forgotten. */
  livesPerGateway: 64,
  /** Alert events of a gateway a day (UTC, by arrival). */
  alertsPerDay: 20_000,
  /** Events, declared gaps and steps of updates of a gateway a day. */
  noticesPerDay: 20_000,
  /** Versions with their failure modes that a gateway is the first to name a day, where an engine keeps each once and for all. */
  labelsPerDay: 256,
  /**
   * Cells (rows times failure modes) of a gateway's predictions a day (UTC, by arrival): 1,024 points with four failure modes at a
   * row a second, of that day and of an outage of 36 hours that is caught up on it; or 90 days of such rows a minute.
   */
  predictionCellsPerDay: 1_000_000_000,
  /** Costs (about one row each, see `costOfRecord`) of one transaction: some 25 ms on two slow cores. */
  transactionCost: 6_000,
  /** Time for which the event loop is held while messages are read, ms. */
  readingMs: 15,
  /** States, and bytes of these, that are read and stored at once. */
  states: 100,
  stateBytes: 393_216,
  /** Bytes of a gateway's messages that wait to be stored; more are dropped unacknowledged, and sent again. */
  waitingBytesPerGateway: 4 * 1024 * 1024,
  /** Rows (a step of a failure mode) of one answer about predictions, all points of a turbine together. */
  answerRows: 65_536,
};

/** Cells of a gateway's day beyond these are not told apart: they fit the counts of every engine. */
export const mostCountedCells = 2_000_000_000;

/** A record that an engine does not take in, and by which reason it is set aside; the engine puts its gateway before it. */
export class RecordRefusedError extends RangeError {
  readonly reason: "gateway-bounds" | "record-bounds";

  constructor(reason: RecordRefusedError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws {@link RecordRefusedError} when one more would be beyond a bound of its gateway. */
export function refuseBeyond(
  bound: "modesPerPoint" | "pointsPerTurbine" | "alarmKindsPerTurbine" | "turbinesPerGateway",
  occupied: number,
): void {
  if (occupied < recordBounds[bound]) return;
  throw new RecordRefusedError("gateway-bounds", `more than ${recordBounds[bound]} ${boundWords[bound]}`);
}

/** Why a turbine's state is not taken where too many are known by their states alone. */
export function unclaimedError({ site, turbine }: TurbineRef): RecordRefusedError {
  const most = `${recordBounds.unclaimedTurbines} turbines are known by their states alone`;
  const message = `${most}: ${site}/${turbine} waits for its gateway's first envelope`;
  return new RecordRefusedError("gateway-bounds", message);
}

const boundWords = {
  modesPerPoint: "failure modes of one point",
  pointsPerTurbine: "points of one turbine",
  alarmKindsPerTurbine: "kinds of alarms of one turbine",
  turbinesPerGateway: "turbines of one gateway",
} as const;

/** What a failure mode's name takes beside its letters. */
const nameBytes = 8;

/** Throws {@link RecordRefusedError} for predictions that cannot be, or whose names take too much. */
export function refusePredictions({ windows, modelVersion, failureModes }: PredictionBatch): void {
  const names = [modelVersion, ...failureModes];
  const besideNames = nameBytes * failureModes.length;
  // No UTF-16 unit takes more than three bytes.
  if (besideNames + 3 * names.reduce((sum, { length }) => sum + length, 0) > recordBounds.labelBytes) {
    const bytes = besideNames + names.reduce((sum, name) => sum + Buffer.byteLength(name), 0);
    if (bytes > recordBounds.labelBytes) {
      const words = `a version and failure modes of ${bytes} bytes, ${nameBytes} a mode among them; at most ${recordBounds.labelBytes} are taken`;
      throw new RecordRefusedError("record-bounds", words);
    }
  }
  const beyond = windows.find(
    (count) => !Number.isInteger(count) || count < 0 || count > recordBounds.rowWindows,
  );
  if (beyond === undefined) return;
  const words = `a row of ${beyond} windows; at most ${recordBounds.rowWindows} are taken`;
  throw new RecordRefusedError("record-bounds", words);
}

/** A class of what a gateway may send so many of a day. */
export type DailyClass = "alerts" | "notices" | "labels";

/** What counts towards a gateway's bound of a day; null: nothing does. */
export function dailyClassOf(kind: UplinkRecord["kind"]): DailyClass | null {
  switch (kind) {
    case "alert":
      return "alerts";
    case "event":
    case "gap":
    case "update":
      return "notices";
    default:
      return null;
  }
}

/** Throws {@link RecordRefusedError} when one more of a day would be beyond its gateway's bound. */
export function refuseBeyondDay(dailyClass: DailyClass, records: number): void {
  const bound = dailyBounds[dailyClass];
  if (records < bound) return;
  throw new RecordRefusedError("gateway-bounds", `more than ${bound} ${dailyWords[dailyClass]} in one day`);
}

const dailyBounds: Readonly<Record<DailyClass, number>> = {
  alerts: recordBounds.alertsPerDay,
  notices: recordBounds.noticesPerDay,
  labels: recordBounds.labelsPerDay,
};
const dailyWords: Readonly<Record<DailyClass, string>> = {
  alerts: "alerts",
  notices: "notices",
  labels: "new model versions or lists of failure modes",
};
