/** Days of predictions of some turbines in a fleet's record, as gateways would have sent them. */
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { predictionRows } from "./bench-predictions.ts";

export interface FilledDays {
  /** wt-0, wt-1, … of `predictionSite`. */
  readonly turbines: number;
  readonly days: number;
}

export const filledComponents: readonly string[] = ["gearbox", "generator", "main-bearing", "tower"];
/** A midnight. */
export const filledFromMs: number = 20_000 * dayMs;

/** Stores a row a minute and point, an hour of it at a time, as it would arrive. */
export async function fillWithDays(record: FleetRecord, { turbines, days }: FilledDays): Promise<void> {
  for (let hour = 1; hour <= days * 24; hour++) {
    const nowMs = filledFromMs + hour * hourMs - 1;
    const records = Array.from({ length: turbines }, (_, index) =>
      filledComponents.map((component) =>
        withRisks(predictionRows(`wt-${index}`, component, { rows: 60, endMs: nowMs })),
      ),
    ).flat();
    const header = { gateway: "gw-1", bootId: "bench", lane: "prediction" } as const;
    const [stored] = await record.storeEnvelopes({
      nowMs,
      envelopes: [
        {
          ...header,
          firstSequence: (hour - 1) * records.length + 1,
          oldestSequence: 1,
          topic: "bench",
          payload: new Uint8Array(),
          records: records.map((value) => ({ ok: true as const, value })),
        },
      ],
      setAside: [],
    });
    const fault = stored!.records.find(({ ok }) => !ok);
    if (fault !== undefined) throw new Error(`the record was not filled: ${JSON.stringify(fault)}`);
  }
}

/** As a gateway with a prior sends them. */
function withRisks(batch: PredictionBatch): PredictionBatch {
  const { meanProbability, maxProbability } = batch;
  return {
    ...batch,
    meanRisk: meanProbability.map((mean) => mean / 10),
    maxRisk: maxProbability.map((max) => max / 10),
    isLearning: batch.timesMs.map(() => false),
  };
}
