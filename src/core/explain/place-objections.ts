/**
 * What the places of a fault's lines say against it, where they are known: that they do not belong together, do not stay where they are,
 * or lie where another fault of the same bearing, or the shaft, has its own. Each as a clause without a full stop.
 */
import { bearingFaults } from "../contract/bundle/bearing-fault.ts";
import { joinWords, nameHarmonic } from "./evidence-words.ts";
import { type FaultPicture, type MeasuredLine, takeMiddle } from "./fault-picture.ts";
import { findPlaceShare } from "./mains-hum.ts";
import { findHalfOrder } from "./shaft-lines.ts";

/** The fault, beside those that it could be taken for. */
export interface PlacedFaults {
  readonly own: FaultPicture;
  readonly pictures: readonly FaultPicture[];
  /** Of the windows; NaN: not known, and nothing is said that rests on it. */
  readonly revolutions: number;
}

/**
 * Lines of one fault lie no further from multiples of one order, as a share: 0.2 % apart at most on real recordings, 0.04 % on
 * invented ones. Of what only looks like one 1.3 to 2.8 %.
 */
const spreadShare = 0.005;
/** To so much a place is known, in reciprocals of the window's revolutions: a tenth of a bin. */
const placeRevolutions = 0.1;
/** A slip that changes moves a line less far, as a share of itself. */
const leastWander = 0.015;
/** So many times as far as a place is known a line has to move. */
const clearly = 3;
/** Of fewer windows chance may say anything. */
const fewestWindows = 3;
/** One window in so many may be of a wrong speed. */
const oddOneOf = 10;
/** So far from the bearing's data a fault's own lines often stand, as a share. */
const usualSlip = 0.01;
/** Half width of a Hann window's line, in reciprocals of the window's revolutions: two that lie further from each other are apart. */
export const lineRevolutions = 2;

/**
 * The harmonics of one fault stand at multiples of one order, however far its slip moves that. They have to lie apart as they are
 * told, and within the windows that place both: a slip, or a stated speed, that changes moves both alike.
 */
export function objectToSpread({ own: { harmonics }, revolutions }: PlacedFaults): string[] {
  const found = harmonics.filter(({ isFound }) => isFound);
  const pairs = found.flatMap((one, at) =>
    found.slice(at + 1).map((other) => {
      const unknown = (placeRevolutions / revolutions) * (1 / one.line.order + 1 / other.line.order);
      const told = findShift(one, one.measuredOrder) / findShift(other, other.measuredOrder);
      const ratios = one.places.map(
        (place, window) => findShift(one, place) / findShift(other, other.places[window]!),
      );
      const within = takeMiddle(ratios.filter((ratio) => !Number.isNaN(ratio)));
      const [apart, least] = [Math.abs(told - 1), Math.abs(within - 1)];
      return { lines: [one, other], apart, isApart: Math.min(apart, least) > spreadShare + unknown };
    }),
  );
  const [widest] = pairs.filter(({ isApart }) => isApart).sort((one, other) => other.apart - one.apart);
  if (widest === undefined) return [];
  const names = joinWords(widest.lines.map(({ line }) => nameHarmonic(line.harmonic)));
  const apart = formatShare(widest.apart);
  return [
    `${names} do not stand at multiples of one order (${apart} apart), if the speed was steady within the windows`,
  ];
}

/**
 * Where all lines lie off by one share, and the same lines of another fault much nearer to where they are found, that one fits better.
 * No proof: rolling elements slip by a per cent or two, and a stated speed may be wrong; but it shifts all faults alike, so that the
 * other one has to be nearer by more than a place is known to, and its lines apart from these.
 */
export function objectToPlace({ own, pictures, revolutions }: PlacedFaults): string[] {
  const placed = own.harmonics.filter(({ isFound, measuredOrder }) => isFound && measuredOrder !== null);
  const shifts = placed.map((line) => findShift(line, line.measuredOrder));
  const shift = takeMiddle(shifts);
  const knownTo = (line: MeasuredLine): number =>
    spreadShare + placeRevolutions / revolutions / line.line.order;
  const isOneShift = shifts.every((each, at) => Math.abs(each / shift - 1) <= knownTo(placed[at]!));
  if (placed.length < 2 || !isOneShift) return [];
  const [nearest] = pictures
    .filter(({ kind }) => kind !== own.kind)
    .map(({ kind, harmonics }) => {
      const theirs = placed.map(
        ({ line }) =>
          harmonics.find((each) => each.line.harmonic === line.harmonic)?.line.order ?? Number.NaN,
      );
      const distances = placed.map(({ line }, at) => Math.abs(line.order - theirs[at]!));
      const offset = takeMiddle(placed.map(({ measuredOrder }, at) => measuredOrder! / theirs[at]!)) - 1;
      return { kind, offset, isApart: Math.max(...distances) > lineRevolutions / revolutions };
    })
    .filter(({ isApart, offset }) => isApart && !Number.isNaN(offset))
    .sort((one, other) => Math.abs(one.offset) - Math.abs(other.offset));
  if (nearest === undefined) return [];
  const [ours, their] = [Math.abs(shift - 1), Math.abs(nearest.offset)];
  if (their > ours / 2 || !(ours - their > Math.max(...placed.map(knownTo)))) return [];
  const { part } = bearingFaults[nearest.kind];
  return [
    `its lines are found ${formatShare(ours)} ${shift < 1 ? "below" : "above"} where they belong, ${formatShare(their)} from those of a fault of the ${part}`,
  ];
}

/** All lines stand at multiples of half the shaft's speed, at odd ones too: a fault's own do so by chance, or as far as they slip. */
export function objectToHalfOrders({ own: { harmonics }, revolutions }: PlacedFaults): string[] {
  const placed = harmonics
    .filter(({ isFound, measuredOrder }) => isFound && measuredOrder !== null)
    .map(({ line, turnPlaces }) => {
      const order = takeMiddle(turnPlaces.filter((place) => place > 0));
      return { line, multiple: findHalfOrder(order, revolutions) };
    });
  const halves = placed.flatMap(({ line, multiple }) =>
    multiple === null || Number.isInteger(multiple) ? [] : [{ line, multiple }],
  );
  if (halves.length === 0 || placed.some(({ multiple }) => multiple === null)) return [];
  const mayBeOwn = halves.some(({ line, multiple }) => Math.abs(line.order / multiple - 1) <= usualSlip);
  const names = joinWords(halves.map(({ line }) => nameHarmonic(line.harmonic)));
  const shaft = `${joinWords(halves.map(({ multiple }) => `${multiple}`))} times the shaft's speed`;
  const stands = halves.length === 1 ? "stands" : "stand";
  const what = mayBeOwn ? `may be the bearing's own, or ${shaft}` : `${stands} on ${shaft}`;
  return [`${names} ${what}: looseness and rubs make half orders`];
}

/**
 * A fault keeps its order. Windows count in which another line of its own says the same place, so that no noise is taken for it; what
 * keeps its hertz is told elsewhere.
 */
export function objectToWander({ own: { harmonics }, revolutions }: PlacedFaults): string[] {
  const found = harmonics.filter(({ isFound }) => isFound);
  const [first, ...others] = found;
  if (first === undefined || first.steadyRpm !== null) return [];
  const places = first.turnPlaces
    .filter((place, window) =>
      others.some((other) => {
        const apart = Math.abs(findShift(other, other.turnPlaces[window]!) / findShift(first, place) - 1);
        return apart <= spreadShare;
      }),
    )
    .sort((one, other) => one - other);
  const kept = places.length - Math.floor(places.length / oddOneOf);
  if (kept < fewestWindows) return [];
  const spans = places.slice(kept - 1).map((to, at) => ({ from: places[at]!, to }));
  const [least] = spans.sort((one, other) => one.to / one.from - other.to / other.from);
  const { from, to } = least!;
  const known = findPlaceShare(from) / (revolutions * from);
  if (!(to / from - 1 > Math.max(leastWander, clearly * known))) return [];
  const name = nameHarmonic(first.line.harmonic);
  return [
    `${name} moves between orders ${from.toFixed(2)} and ${to.toFixed(2)} from window to window: a fault's keeps its order, if the speed is stated rightly`,
  ];
}

/** Its place as a multiple of where the bearing's data puts it; NaN where it is not known. */
function findShift({ line }: MeasuredLine, place: number | null): number {
  return place !== null && place > 0 ? place / line.order : Number.NaN;
}

function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
