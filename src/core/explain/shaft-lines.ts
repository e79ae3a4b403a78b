/**
 * Where harmonics of the shaft stand in a spectrum over its angle: at whole orders, as far off as the stated speed is wrong or
 * wanders while a window is heard; and those of a shaft that teeth lock to it, at multiples of its turns, as far off. By how much the
 * speed is wrong the shaft's own first lines tell, where they are heard. Cannot tell a harmonic from a fault whose line happens to stand there.
 */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { StatedShafts } from "../contract/stated-shafts.ts";
import { findOrMake } from "../maths/find-or-make.ts";

/** By such a share the stated speed of a machine is wrong on an ordinary day, as that of an induction motor under load. */
const speedDeviation = 0.0045;
/** By such a share a harmonic stands elsewhere than the shaft's first lines say. */
const knownDeviation = 0.0015;
/** Half width of a line without its skirts, in reciprocals of the window's revolutions. */
const lineRevolutions = 1.2;
/** Of a line's top. */
const topRevolutions = 0.25;
/** By such a share a line of the shaft's stands elsewhere than at a multiple of half its speed, where that is known well. */
const statedDeviation = 0.0005;
/** In a spectrum of fewer revolutions nearly every line is as near to a harmonic as it may be off. */
const fewestRevolutions = 8;
/** The first and the second harmonic say the same speed to this share. */
const agreement = 0.004;
/** Of a geared shaft so many harmonics count: more of a slow one would leave faults no room between them. */
const gearedHarmonics = 6;
/** In a spectrum of fewer revolutions a fault's side bands reach into the shaft's first lines, and move their tops. */
const fewestToMeasure = 45;

/** The features of a spec that are lines of the shaft itself. */
export interface ShaftColumns {
  /** Indices of its first and its second harmonic; −1: the spec has none. */
  readonly first: number;
  readonly second: number;
}

/** Finds them. */
export function findShaftColumns(spec: FeatureSpec): ShaftColumns {
  return findOrMake(shaftColumns, spec, () => searchShaftColumns(spec));
}

const shaftColumns = new WeakMap<FeatureSpec, ShaftColumns>();

function searchShaftColumns({ list }: FeatureSpec): ShaftColumns {
  const find = (harmonic: number): number =>
    list.findIndex(
      ({ operator, params }) =>
        operator === "order-log-snr" && params.order === "shaft" && params.harmonic === harmonic,
    );
  return { first: find(1), second: find(2) };
}

/**
 * By which share the shaft turns faster than is stated; NaN where its first two lines are not heard, or do not agree. `orders`
 * says where the line of each feature stands, as an extractor fills it.
 */
export function measureDeviation(orders: ArrayLike<number>, { first, second }: ShaftColumns): number {
  const one = topOf(orders[first]) - 1;
  const two = topOf(orders[second]) / 2 - 1;
  // The second line tells it twice as well, and its square counts four times.
  return Math.abs(one - two) <= agreement ? (one + 4 * two) / 5 : Number.NaN;
}

/** Of a flank nobody knows where its line stands. */
function topOf(line = Number.NaN): number {
  return line > 0 ? line : Number.NaN;
}

/**
 * Is the line within what a harmonic of the shaft may be off, in a spectrum of so many revolutions? One at less than 0 is the flank
 * of a line that is not seen.
 */
export function standsOnShaft(line: number, revolutions: number, deviation: number): boolean {
  return standsOnTurns(line, { turns: 1, most: Number.POSITIVE_INFINITY }, { revolutions, deviation });
}

/** How a spectrum was heard. */
interface HeardTurns {
  readonly revolutions: number;
  /** By which share the shaft turns faster than is stated; NaN: not known. */
  readonly deviation: number;
}

/** Is the line within what one of the first `most` harmonics of a shaft may be off that goes `turns` times round in one of this? */
function standsOnTurns(
  line: number,
  { turns, most }: { readonly turns: number; readonly most: number },
  { revolutions, deviation }: HeardTurns,
): boolean {
  const isKnown = line > 0 && !Number.isNaN(deviation);
  const turn = isKnown ? turns * (1 + deviation) : turns;
  const harmonic = Math.round(Math.abs(line) / turn);
  const reach = isKnown
    ? topRevolutions / revolutions + knownDeviation * harmonic * turns
    : lineRevolutions / revolutions + speedDeviation * harmonic * turns;
  const isNear = Math.abs(Math.abs(line) - harmonic * turn) <= reach;
  return revolutions >= fewestRevolutions && harmonic >= 1 && harmonic <= most && isNear;
}

/** A harmonic of a shaft that goes `turns` times round in one of the bearing's. */
export interface GearedLine {
  readonly turns: number;
  readonly harmonic: number;
}

/** The harmonic of a geared shaft that a line is nearest to, if it is nearer than any of the bearing's own; null: none is. */
export function findGearedLine(order: number, gearedShafts: readonly number[]): GearedLine | null {
  const away = ({ turns, harmonic }: GearedLine): number => Math.abs(order - harmonic * turns);
  const ownAway = Math.abs(order - Math.round(order));
  return gearedShafts.reduce<GearedLine | null>((nearest, turns) => {
    const harmonic = Math.min(gearedHarmonics, Math.max(1, Math.round(order / turns)));
    const line = { turns, harmonic };
    return away(line) < (nearest === null ? ownAway : away(nearest)) ? line : nearest;
  }, null);
}

/**
 * The multiple of half the shaft's speed at which a line stands, in turns of the shaft; null: at none, or in so few revolutions that
 * it cannot be told. Looseness and rubs make the odd ones.
 */
export function findHalfOrder(line: number, revolutions: number): number | null {
  const order = Math.round(2 * line) / 2;
  const reach = topRevolutions / revolutions + statedDeviation * order;
  return revolutions >= fewestToMeasure && Math.abs(line - order) <= reach ? order : null;
}

/** No line stands there. */
const noLines: readonly number[] = [];

/** The features whose line stands where a harmonic of the shaft, or of one geared to it, may. `orders`: where, as an extractor fills it. */
export function listShaftLines(
  orders: Float32Array,
  {
    revolutions,
    shaft,
    gearedShafts = [],
  }: Pick<StatedShafts, "gearedShafts"> & { readonly revolutions: number; readonly shaft: ShaftColumns },
): readonly number[] {
  const deviation = revolutions < fewestToMeasure ? Number.NaN : measureDeviation(orders, shaft);
  const isGeared = (line: number): boolean =>
    gearedShafts.some((turns) =>
      standsOnTurns(line, { turns, most: gearedHarmonics }, { revolutions, deviation }),
    );
  const columns: number[] = [];
  for (let column = 0; column < orders.length; column++) {
    if (column === shaft.first || column === shaft.second) continue;
    const line = orders[column]!;
    if (standsOnShaft(line, revolutions, deviation) || isGeared(line)) columns.push(column);
  }
  return columns.length === 0 ? noLines : columns;
}
