/**
 * The judged stretch of the train period made more like serving: its files leave stops out, so they are invented, by
 * other draws than the student's lessons. Says how well a student follows its teacher where averages over hours go
 * through stops, without a look at the test half-year.
 */
import { createRandom } from "../../../../core/maths/random.ts";
import type { InventedStops } from "../scada-config.ts";
import { inventService } from "./invent-service.ts";
import type { ScadaCase } from "./scada-case.ts";
import type { TurbineRows } from "./scada-rows.ts";

/** `subject` with stops from its split on; rows on which a turbine stands by invention are not usable. */
export function stressCase(subject: ScadaCase, stops: InventedStops, seed: number): ScadaCase {
  const { config, rows, split } = subject;
  const random = createRandom(seed).fork("stress");
  const channels = config.channels.map((channel) => channel.name);
  const turbines = rows.turbines.map((turbine): TurbineRows => {
    const life = inventService(turbine, channels, config.features, stops, random);
    const width = config.features.list.length;
    const found = turbine.timestampMs.findIndex((timeMs) => timeMs >= split.startMs);
    const from = found < 0 ? turbine.rows : found;
    const features = turbine.features.slice();
    features.set(life.features.subarray(from * width), from * width);
    const usable = turbine.usable.map((value, row) => (row >= from && life.stands[row] === 1 ? 0 : value));
    return { ...turbine, features, usable };
  });
  return { ...subject, rows: { ...rows, turbines } };
}
