/**
 * Faults that short recordings cannot show: the fewer revolutions a recording has, the wider is each line of its spectrum, and lines
 * of a fault that lie beside harmonics of the shaft are not told from them. Says so, in words for stderr.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { bearingFaults, faultKinds } from "../../../core/contract/bundle/bearing-fault.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { joinWords } from "../../../core/explain/evidence-words.ts";
import { listFaultLines } from "../../../core/explain/fault-lines.ts";
import { widenShaftGuard } from "../../../core/features/order-spectrum.ts";

/** A point as far as is asked. */
interface HeardPoint {
  readonly point: string;
  /** Of its longest recording. */
  readonly mostRevolutions: number | null;
}

/** None, where every fault has a line beside the shaft's, or the bundle does not count its windows in revolutions. */
export function listSnapshotDoubts(
  { features, window }: Pick<Manifest, "features" | "window">,
  bearingOf: (point: string) => BearingOrders | undefined,
  points: readonly HeardPoint[],
): readonly string[] {
  if (window.unit !== "revolutions") return [];
  return points.flatMap(({ point, mostRevolutions }) => {
    const bearing = bearingOf(point);
    if (bearing === undefined || mostRevolutions === null || mostRevolutions >= window.length) return [];
    const widening = window.length / mostRevolutions;
    const guards = features.chains.map(({ params }) => Number(params.shaftGuardOrders ?? 0));
    const guard = widenShaftGuard(Math.max(0, ...guards), widening);
    const lines = listFaultLines({ features, bearing }).filter(({ kind }) => kind === "harmonic");
    const masked = faultKinds.filter((kind) => {
      const own = lines.filter(({ of }) => of === bearingFaults[kind].order);
      return own.length > 0 && own.every(({ order }) => Math.abs(order - Math.round(order)) < guard);
    });
    if (masked.length === 0) return [];
    const parts = joinWords(masked.map((kind) => `the ${bearingFaults[kind].part}`));
    return [
      `${point}: its recordings have ${mostRevolutions.toFixed(1)} revolutions at most, and all lines of ${parts} lie within ${guard} orders of the shaft's harmonics: too near to be told apart, so that such a fault is heard by its loudness alone; record for longer`,
    ];
  });
}
