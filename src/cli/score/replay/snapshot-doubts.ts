/**
 * Faults that short recordings cannot show: the fewer revolutions a recording has, the wider is each line of its spectrum, and lines
 * of a fault that lie beside harmonics of the shaft are not told from them. Says so, in words for stderr.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind } from "../../../core/contract/bundle/bearing-fault.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { joinWords } from "../../../core/explain/evidence-words.ts";
import { listFaultLines, type SearchedSpectrum } from "../../../core/explain/fault-lines.ts";
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
    const spectrum = { features, window, bearing };
    const masked = listMaskedKinds(spectrum, mostRevolutions);
    if (masked.length === 0) return [];
    const parts = joinWords(masked.map((kind) => `the ${bearingFaults[kind].part}`));
    const guard = findSnapshotGuard({ features, window }, mostRevolutions);
    const longer = `; ${adviseLength(spectrum, masked, mostRevolutions)}`;
    const named =
      masked.length === 1
        ? "an alarm that names it says no more"
        : "an alarm that names one of them says no more";
    return [
      `${point}: its recordings have ${mostRevolutions.toFixed(1)} revolutions at most, and all lines of ${parts} lie within ${guard} orders of the shaft's harmonics, too near to be told apart: ${named} than that the machine has changed${longer}`,
    ];
  });
}

/** The fewest whole revolutions that leave each of these kinds a line beside the shaft's; none does where its lines are the shaft's in whole windows, too. */
function adviseLength(
  spectrum: SearchedSpectrum,
  masked: readonly FaultKind[],
  mostRevolutions: number,
): string {
  const lines = listFaultLines(spectrum).filter(({ kind }) => kind === "harmonic");
  const free = masked.filter((mode) =>
    lines.some(({ of, isShaded }) => of === bearingFaults[mode].order && !isShaded),
  );
  const hidden = masked.filter((mode) => !free.includes(mode));
  const never =
    hidden.length === 0
      ? []
      : [
          `no length of recording shows ${joinWords(hidden.map((mode) => `the ${bearingFaults[mode].part}`))}`,
        ];
  if (free.length === 0) return never.join();
  let revolutions = Math.floor(mostRevolutions) + 1;
  while (listMaskedKinds(spectrum, revolutions).some((mode) => free.includes(mode))) revolutions++;
  const times = (revolutions / mostRevolutions).toPrecision(2);
  return [`record ${revolutions} revolutions, ${Number(times)} times as long`, ...never].join("; ");
}
