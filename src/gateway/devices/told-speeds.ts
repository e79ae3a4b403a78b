/** What is told of a device's turbine beside its samples: by readings of its own, by SCADA, and which of them counts. */
import type { IndexedPoint } from "../../core/contract/config/index-points.ts";
import type { OperatingReadings } from "../../core/serving/measuring-point.ts";
import { type ToldSpeeds, untold } from "../diagnosis/device-facts.ts";

/** Where it is looked up. */
export interface ToldReadings extends OperatingReadings {
  /** What one teller says of a turbine, a device or SCADA (null). */
  readOf(
    teller: { readonly turbine: string; readonly toldBy: string | null },
    channel: "shaft-speed",
    monotonicMs: number,
  ): number;
}

/** @param points of the device; of one on several machines nobody knows which one is meant */
export function readTold(
  { id: device, points }: { readonly id: string; readonly points: readonly IndexedPoint[] },
  readings: ToldReadings,
  monotonicMs: number,
): ToldSpeeds {
  const [turbine, ...others] = new Set(points.map((point) => point.turbine));
  if (turbine === undefined || others.length > 0) return untold;
  return {
    toldRpm: readings.read({ turbine, device }, "shaft-speed", monotonicMs),
    toldKw: readings.read({ turbine, device }, "power", monotonicMs),
    readingRpm: readings.readOf({ turbine, toldBy: device }, "shaft-speed", monotonicMs),
    scadaRpm: readings.readOf({ turbine, toldBy: null }, "shaft-speed", monotonicMs),
  };
}
