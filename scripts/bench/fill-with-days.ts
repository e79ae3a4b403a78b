/** Days of predictions of some turbines in a fleet's record, as gateways would have sent them. */
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { predictionRows } from "./bench-predictions.ts";

export interface FilledDays {
  /** wt-0, wt-1, … of `predictionSite`. */
  readonly turbines: number;
  readonly days: number;
}

export const filledComponents: readonly string[] = ["gearbox", "generator", "main-bearing", "tower"];
/** A midnight. */
export const filledFromMs: number = 20_000 * dayMs;

/** Stores a row a minute and point, an hour of it at a time, as it would arrive; the same at every call. */
export async function fillWithDays(record: FleetRecord, { turbines, days }: FilledDays): Promise<void> {
  const random = createRandom(1);
  for (let hour = 1; hour <= days * 24; hour++) {
    const nowMs = filledFromMs + hour * hourMs - 1;
    const records = Array.from({ length: turbines }, (_, index) =>
      filledComponents.map((component) =>
        withNoise(predictionRows(`wt-${index}`, component, { rows: 60, endMs: nowMs }), random),
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

/**
 * As a gateway with a prior sends them, in basis points: drawn anew for each row, since what repeats would be compressed better than
 * what a machine sends.
 */
function withNoise(batch: PredictionBatch, random: Random): PredictionBatch {
  const draw = (upTo: number): number[] => batch.meanProbability.map(() => random.integer(upTo) / 1e4);
  const meanProbability = draw(300);
  const maxProbability = meanProbability.map((mean) => Math.round(mean * 1e4 + random.integer(300)) / 1e4);
  return {
    ...batch,
    meanProbability,
    maxProbability,
    meanRisk: meanProbability.map((mean) => Math.round(mean * 1e3) / 1e4),
    maxRisk: maxProbability.map((max) => Math.round(max * 1e3) / 1e4),
    shaftRpm: batch.timesMs.map(() => 1_500 + random.uniform() * 13),
    isLearning: batch.timesMs.map(() => false),
  };
}
