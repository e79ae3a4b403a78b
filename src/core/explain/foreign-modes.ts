/**
 * The failure modes for which nothing but foreign lines speaks in a window: lines of theirs stand out, and every one that does
 * stands where electrical hum or a harmonic of the shaft does. A fault that happens to strike there shows other lines
 * beside: a harmonic at another place, side bands at the cage's speed beside a line that is no hum, and that stands out or lies on a harmonic of the shaft. Decides nothing, and knows nothing of windows of which it is not said
 * where their lines stand.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import type { FeatureWindow, ForeignLines } from "../contract/stream.ts";
import {
  type CutSpecs,
  computeLineNoise,
  dbPerLog,
  type FaultLine,
  findNeededDb,
  listFaultLines,
} from "./fault-lines.ts";
import { noForeignLines } from "./foreign-lines.ts";
import { shareByBearing } from "./share-by-bearing.ts";

/** What of a window tells of them. */
type HeardLines = Pick<FeatureWindow, "features" | "upperFeatures" | "foreignLines" | "upperForeignLines">;

/** How many lines of one kind were found, by whose they may be: one that is found in both bands is one. */
export interface ForeignCount {
  readonly foreign: number;
  readonly own: number;
}

/** Tells of windows that were cut with one spec, of one bearing. */
type ForeignModeFinder = (window: HeardLines) => readonly FaultKind[];

/** Counts the lines of each kind, in their order. */
type KindLineCounter = (window: HeardLines) => readonly ForeignCount[];

/** The finder of a bundle and a bearing, one for all points that are alike in both. */
export const shareForeignModeFinder: (cut: CutSpecs, bearing: BearingOrders) => ForeignModeFinder =
  shareByBearing(createForeignModeFinder);

/** The counter of a bundle and a bearing, as well. */
export const shareKindLineCounter: (cut: CutSpecs, bearing: BearingOrders) => KindLineCounter =
  shareByBearing(createKindLineCounter);

/** The kinds of which some lines were found, and all of these are foreign. */
export function listForeignKinds(found: readonly ForeignCount[]): readonly FaultKind[] {
  return faultKinds.filter((_, kind) => isAllForeign(found[kind]!));
}

/** Some lines were found, and all of these are foreign. */
export function isAllForeign({ foreign, own }: ForeignCount): boolean {
  return own === 0 && foreign > 0;
}

/** Creates a finder for all windows of a bundle and a bearing. */
export function createForeignModeFinder(cut: CutSpecs, bearing: BearingOrders): ForeignModeFinder {
  const count = createKindLineCounter(cut, bearing);
  return (heard) => {
    const { foreignLines: lower = noForeignLines, upperForeignLines: upper = noForeignLines } = heard;
    if (lower.hum.length + lower.shaft.length + upper.hum.length + upper.shaft.length === 0) return noKinds;
    return listForeignKinds(count(heard));
  };
}

function createKindLineCounter({ features, window }: CutSpecs, bearing: BearingOrders): KindLineCounter {
  const columns = features.list.length;
  const kinds = faultKinds.map((): KindLines => {
    return {
      needed: new Float32Array(columns).fill(Number.POSITIVE_INFINITY),
      beside: new Set(),
      centres: new Map(),
    };
  });
  const lines = listFaultLines({ features, bearing });
  for (const line of lines) {
    const kind = kinds[faultKinds.findIndex((each) => bearingFaults[each].order === line.of)];
    if (kind === undefined) continue;
    kind.needed[line.column] = findNeededDb(computeLineNoise(line, window), 1) / dbPerLog;
    if (line.spacing === "shaft") kind.beside.add(line.column);
    if (line.kind !== "harmonic") continue;
    for (const sides of lines)
      if (sides.spacing !== null && sides.order === line.order) kind.centres.set(sides.column, line);
  }
  return (heard) => kinds.map((kind) => countLines(kind, heard));
}

/** The lines of one kind of fault. */
interface KindLines {
  /** What a feature must reach to stand out as one of them; Infinity: it is none. */
  readonly needed: Float32Array;
  /** Side bands at the shaft's speed: an eccentric rotor's stand beside hum as well, and a harmonic of the shaft has neighbours. */
  readonly beside: Set<number>;
  /**
   * The line between side bands. Beside hum there are some at twice the slip's frequency, which is the cage's speed at times; with no
   * line between them whatever stands in one of their places would be taken for them. A line at a harmonic of the shaft is not heard even
   * where there is one.
   */
  readonly centres: Map<number, Pick<FaultLine, "column" | "isShaded">>;
}

/** The kind's lines of both bands. */
function countLines(kind: KindLines, heard: HeardLines): ForeignCount {
  const { features, upperFeatures, foreignLines, upperForeignLines } = heard;
  const lower = { features, foreign: foreignLines ?? noForeignLines };
  const upper =
    upperFeatures === undefined
      ? null
      : { features: upperFeatures, foreign: upperForeignLines ?? noForeignLines };
  const found = { foreign: 0, own: 0 };
  for (let column = 0; column < features.length; column++) {
    const [below, above] = [tellLine(kind, column, lower), upper && tellLine(kind, column, upper)];
    const line = below === "own" ? below : (above ?? below);
    if (line !== null) found[line]++;
  }
  return found;
}

/** The lines of one band. */
interface BandLines {
  readonly features: Float32Array;
  readonly foreign: ForeignLines;
}

/** Whose may a line of the kind be that stands out in a band? Null: none does there. */
function tellLine(
  { needed, beside, centres }: KindLines,
  column: number,
  { features, foreign }: BandLines,
): keyof ForeignCount | null {
  const standsOut = (each: number): boolean => features[each]! >= needed[each]!;
  if (beside.has(column) || !standsOut(column)) return null;
  const centre = centres.get(column);
  const mayBeOwn =
    centre === undefined ||
    ((centre.isShaded || standsOut(centre.column)) && !foreign.hum.includes(centre.column));
  if (!mayBeOwn) return null;
  return foreign.shaft.includes(column) || foreign.hum.includes(column) ? "foreign" : "own";
}

const noKinds: readonly FaultKind[] = [];
