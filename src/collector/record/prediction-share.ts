/**
 * Holds every gateway to a number of cells of predictions a day of arrival, for any engine and with any number of workers. Each
 * counts what is stored by itself, and tells the record now and then: what a gateway of a real site sends costs next to nothing,
 * and a bound may be passed by what workers have not told. What is beyond is refused alone, counted, and named with its gateway.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { failed } from "../../core/contract/result.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { CheckedEnvelope, FleetRecord, RecordFault, StoredEnvelope } from "./fleet-record.ts";
import { recordBounds } from "./record-bounds.ts";

interface PredictionShare {
  /** Cells (rows times failure modes) of a gateway a day. */
  readonly cells: number;
  /** So many are counted before the record is told. */
  readonly stepCells: number;
}

const generous: PredictionShare = {
  cells: recordBounds.predictionCellsPerDay,
  stepCells: Math.ceil(recordBounds.predictionCellsPerDay / 256),
};

/** Gateways that are counted at once. */
const maxGateways = 500_000;

/** The same record, which refuses predictions beyond a gateway's share. */
export function boundPredictions(record: FleetRecord, share: PredictionShare = generous): FleetRecord {
  let day = Number.NaN;
  /** Cells that the record was not told of, by gateway. */
  const untold = new Map<string, number>();
  const beyond = new Set<string>();
  const begin = (nowMs: number): void => {
    const today = Math.floor(nowMs / dayMs);
    if (today === day) return;
    day = today;
    untold.clear();
    beyond.clear();
  };
  const tell = async (gateway: string, cells: number, nowMs: number): Promise<void> => {
    try {
      const total = await record.countPredictions({ gateway, cells, nowMs });
      untold.delete(gateway);
      if (total >= share.cells) beyond.add(gateway);
    } catch (error) {
      // What it goes with is stored: it is told with the next.
      if (!hasErrorCode(error, "STORE")) throw error;
    }
  };
  return {
    ...record,
    storeEnvelopes: async (batch) => {
      begin(batch.nowMs);
      const envelopes =
        beyond.size === 0
          ? batch.envelopes
          : batch.envelopes.map((envelope) =>
              beyond.has(envelope.gateway) ? refuse(envelope, share) : envelope,
            );
      const stored = await record.storeEnvelopes({ ...batch, envelopes });
      const grown = new Set<string>();
      for (const [index, envelope] of envelopes.entries()) {
        const cells = countCells(envelope, stored[index]!);
        if (cells === 0) continue;
        if (untold.size >= maxGateways) untold.clear();
        const sum = (untold.get(envelope.gateway) ?? 0) + cells;
        untold.set(envelope.gateway, sum);
        if (sum >= share.stepCells) grown.add(envelope.gateway);
      }
      for (const gateway of grown) await tell(gateway, untold.get(gateway)!, batch.nowMs);
      return stored;
    },
  };
}

function refuse(envelope: CheckedEnvelope, { cells }: PredictionShare): CheckedEnvelope {
  const detail = `${envelope.gateway}: more than ${cells} rows of failure modes in one day`;
  const fault: RecordFault = { reason: "gateway-bounds", detail };
  const records = envelope.records.map((read) =>
    read.ok && read.value.kind === "prediction-batch" ? failed(fault) : read,
  );
  return Object.assign({}, envelope, { records });
}

/** Of what was new and stored: it stands behind what was there already. */
function countCells({ records }: CheckedEnvelope, stored: StoredEnvelope): number {
  const begin = records.length - stored.records.length;
  let cells = 0;
  for (const [index, result] of stored.records.entries()) {
    const read = records[begin + index];
    if (!result.ok || read?.ok !== true || read.value.kind !== "prediction-batch") continue;
    cells += read.value.timesMs.length * read.value.failureModes.length;
  }
  return cells;
}
