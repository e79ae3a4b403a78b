/**
 * Faults that short recordings cannot show: the fewer revolutions a recording has, the wider is each line of its spectrum, and lines
 * of a fault that lie beside harmonics of the shaft are not told from them. Says so, in words for stderr.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { bearingFaults } from "../../../core/contract/bundle/bearing-fault.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { joinWords } from "../../../core/explain/evidence-words.ts";
import { findSnapshotGuard, listMaskedKinds } from "../../../core/explain/masked-kinds.ts";

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
  return points.flatMap(({ point, mostRevolutions }) => {
    const bearing = bearingOf(point);
    if (bearing === undefined || mostRevolutions === null) return [];
    const masked = listMaskedKinds({ features, window, bearing }, mostRevolutions);
    if (masked.length === 0) return [];
    const parts = joinWords(masked.map((kind) => `the ${bearingFaults[kind].part}`));
    const guard = findSnapshotGuard({ features, window }, mostRevolutions);
    const named =
      masked.length === 1
        ? "an alarm that names it says no more"
        : "an alarm that names one of them says no more";
    return [
      `${point}: its recordings have ${mostRevolutions.toFixed(1)} revolutions at most, and all lines of ${parts} lie within ${guard} orders of the shaft's harmonics, too near to be told apart: ${named} than that the machine has changed; record for longer`,
    ];
  });
}
