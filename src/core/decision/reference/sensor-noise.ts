/** Whether windows show no machine, but the noise of the sensor that should hear one. Knows levels alone, and not whether the machine stands. */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import { computeMedian } from "../../maths/robust.ts";
import { type HeardWindow, medianSeverity } from "./median-severity.ts";

/** Noise of a sensor is by so much fainter than the healthy machines of training, dB … */
const noiseBelowDb = 15;
/** … and white: what its bands hold in a hertz differs by no more, dB; fewer bands are alike by chance. */
const whiteDb = 3;
const leastBands = 3;

/** Do they show nothing but what electronics make of themselves: white, and far fainter than any machine of training? */
export function isSensorNoise(windows: readonly HeardWindow[], spec: BaselineSpec): boolean {
  const { chains, list } = spec.levels;
  const densities = list.flatMap(({ operator, chain }, index) => {
    const band = chains.find(({ name }) => name === chain)?.params;
    const level = computeMedian(windows.map(({ levels }) => levels[index]!).filter(Number.isFinite));
    if (operator !== "rms-db" || band === undefined || !Number.isFinite(level)) return [];
    return [level - 10 * Math.log10(Number(band.toHz) - Number(band.fromHz))];
  });
  const spreadDb = Math.max(...densities) - Math.min(...densities);
  return (
    densities.length >= leastBands &&
    spreadDb <= whiteDb &&
    medianSeverity(windows, spec, null) <= -noiseBelowDb
  );
}
