/**
 * The kinds of bearing faults that something else hides. Snapshots are too short to tell some: the fewer revolutions a window has, the
 * wider is each line, and where all lines of a kind lie beside the shaft's, nothing in the spectrum says that it is this one. And where
 * a shaft that teeth lock to the bearing's has a line, a kind's may be that.
 */
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import { type CutSpecs, listFaultLines, listFirstLines, type SearchedSpectrum } from "./fault-lines.ts";
import { findGearedLine, type GearedLine, listShaftLines } from "./shaft-lines.ts";

/** More is not left free beside harmonics of the shaft, in orders: as `widenShaftGuard` in core/features has it. */
const widestGuard = 0.4;

/** How far lines have to lie from the shaft's harmonics in windows of so many revolutions, in orders; 0: no further than in whole ones. */
export function findSnapshotGuard({ features, window }: CutSpecs, revolutions: number): number {
  if (window.unit !== "revolutions" || !(revolutions < window.length)) return 0;
  const guards = features.chains.map(({ params }) => Number(params.shaftGuardOrders ?? 0));
  const widened = Math.max(0, ...guards) * (window.length / revolutions);
  return Math.min(widestGuard, Math.ceil(100 * widened) / 100);
}

/** Those of which no line is left in windows of so many revolutions (NaN: not known, then none). */
export function listMaskedKinds(spectrum: SearchedSpectrum, revolutions: number): readonly FaultKind[] {
  const guard = findSnapshotGuard(spectrum, revolutions);
  if (guard === 0) return [];
  const lines = listFaultLines(spectrum).filter(({ kind }) => kind === "harmonic");
  return faultKinds.filter((kind) => {
    const own = lines.filter(({ of }) => of === bearingFaults[kind].order);
    return own.length > 0 && own.every(({ order }) => Math.abs(order - Math.round(order)) < guard);
  });
}

/** A kind whose first line, at `order`, stands where one of a geared shaft does. */
interface GearedKind extends GearedLine {
  readonly kind: FaultKind;
  readonly order: number;
}

const unheardShaft = { first: -1, second: -1 };

/** Those of which this is so in a whole window, and which the shaft itself does not hide. @param gearedShafts turns of each in one of the shaft */
export function listGearedKinds(
  spectrum: SearchedSpectrum,
  gearedShafts: readonly number[],
): readonly GearedKind[] {
  const { unit, length } = spectrum.window;
  if (unit !== "revolutions") return [];
  const heard = { revolutions: length, shaft: unheardShaft };
  return listFirstLines(spectrum).flatMap(({ kind, line: { order } }) => {
    const at = Float32Array.of(order);
    const isGeared = listShaftLines(at, { ...heard, gearedShafts }).length > listShaftLines(at, heard).length;
    const geared = isGeared ? findGearedLine(order, gearedShafts) : null;
    return geared === null ? [] : [{ kind, order, ...geared }];
  });
}
