/**
 * Chance days as directions of a point's days: how often several tests are sure of the same day. Each is drawn with one of the
 * tests being sure (importance sampling of a union: Adler, Blanchet, Liu, 2012), so that a hundred of them tell small
 * probabilities as well as large ones.
 */
import type { Random } from "../maths/random.ts";
import { computeStudentTail } from "../maths/student-t.ts";
import { type DaySpace, directionOf, shareOf, shareTail, type TestKind } from "./day-space.ts";

const drawnDays = 64;

/** Bounds beyond which a test is sure; of a unit t² over its degrees of freedom, of the shared directions their share. */
interface SureBounds {
  readonly mean1: number;
  readonly mean3: number;
  readonly spread: number;
  readonly all1: number;
  readonly all3: number;
}

/** A test that a chance day is drawn to be sure of. */
interface SureTest {
  readonly kind: keyof SureBounds;
  /** Of a column's test. */
  readonly unit: number;
  readonly share: number;
}

/**
 * The mean of 1 over the number of tests that are sure when one is: 1 when tests never agree, one over their number when they
 * always do. The probability that any is sure is the sum of all their probabilities times this.
 * @param least p-value over share of the budget at which each test is sure
 */
export function measureOverlap(space: DaySpace, least: number, random: Random): number {
  const bounds = findBounds(space, least);
  const tests = listTests(space);
  const whole = tests.reduce((sum, { share }) => sum + share, 0);
  const frame = createFrame(space, random);
  let sum = 0;
  let at = 0;
  let passed = tests[0]!.share;
  for (let draw = 0; draw < drawnDays; draw++) {
    // Every test in proportion to its share.
    const place = ((draw + 0.5) / drawnDays) * whole;
    while (passed < place && at + 1 < tests.length) passed += tests[++at]!.share;
    frame.draw(tests[at]!, bounds[tests[at]!.kind]);
    sum += 1 / Math.max(1, frame.countSure(bounds));
  }
  return sum / drawnDays;
}

function listTests(space: DaySpace): SureTest[] {
  const tests: SureTest[] = space.units.flatMap(({ aspect }, unit) =>
    (aspect === "mean" ? (["mean1", "mean3"] as const) : (["spread"] as const)).map((kind) => ({
      kind,
      unit,
      share: space.lengths[unit]! > 0 ? shareOf(space, kind) : 0,
    })),
  );
  if (space.directions === 0) return tests;
  return [
    ...tests,
    { kind: "all1", unit: -1, share: shareOf(space, "all1") },
    { kind: "all3", unit: -1, share: shareOf(space, "all3") },
  ];
}

function findBounds(space: DaySpace, least: number): SureBounds {
  const degrees = space.days - 1;
  const tailOf = (kind: TestKind): number => Math.min(1, least * shareOf(space, kind));
  const ofUnit = (kind: TestKind): number =>
    bisect((ratio) => computeStudentTail(Math.sqrt(ratio * degrees), degrees) > tailOf(kind), 1e9);
  const ofAll = (kind: TestKind): number =>
    space.directions === 0 ? 2 : bisect((share) => shareTail(space, share) > tailOf(kind), 1);
  return {
    mean1: ofUnit("mean1"),
    mean3: ofUnit("mean3"),
    spread: ofUnit("spread"),
    all1: ofAll("all1"),
    all3: ofAll("all3"),
  };
}

/** The three last days of a chance point: three directions at right angles, the first that of the day alone. */
function createFrame(
  space: DaySpace,
  random: Random,
): { draw(test: SureTest, bound: number): void; countSure(bounds: SureBounds): number } {
  const { days, units, rows, lengths, shared, directions } = space;
  const height = days + 3;
  const count = units.length;
  const one = directionOf(days, 1);
  const three = directionOf(days, 3);
  // The last three days together in the frame: so much of the day alone, the rest of the second direction.
  const along = one[0] * three[0] + one[1] * three[1] + one[2] * three[2];
  const aside = Math.sqrt(1 - along * along);
  const frame = [new Float64Array(height), new Float64Array(height), new Float64Array(height)] as const;
  const axis = new Float64Array(height);
  const dots = new Float64Array(3);

  const project = (from: Float64Array, width: number, at: number): void => {
    for (let which = 0; which < 3; which++) {
      const direction = frame[which as 0 | 1 | 2];
      let dot = 0;
      for (let row = 0, index = at; row < height; row++, index += width)
        dot += direction[row]! * from[index]!;
      dots[which] = dot;
    }
  };

  /** A frame whose part along the `axis` is given, and is random at right angles to it. */
  const drawAround = (part: readonly [number, number, number]): void => {
    for (const [which, direction] of frame.entries()) {
      drawDirection(direction, days, random);
      removeFrom(direction, axis);
      for (let before = 0; before < which; before++) removeFrom(direction, frame[before as 0 | 1]);
      scaleToOne(direction);
    }
    // The root of 1 − part · partᵀ keeps the directions at right angles.
    const length = Math.hypot(...part);
    const shrink = length === 0 ? 0 : (1 - Math.sqrt(Math.max(0, 1 - length * length))) / (length * length);
    for (let row = 0; row < height; row++) {
      let dot = 0;
      for (let which = 0; which < 3; which++) dot += part[which]! * frame[which as 0 | 1 | 2][row]!;
      for (let which = 0; which < 3; which++) {
        const direction = frame[which as 0 | 1 | 2];
        direction[row]! += part[which]! * (axis[row]! - shrink * dot);
      }
    }
  };

  /** A frame whose first direction (or that of the three together) is the `axis`. */
  const drawAlong = (): void => {
    const [first, second, third] = frame;
    first.set(axis);
    for (const [index, direction] of [second, third].entries()) {
      drawDirection(direction, days, random);
      removeFrom(direction, first);
      if (index === 1) removeFrom(direction, second);
      scaleToOne(direction);
    }
  };

  /** Turns the first two directions so that the first becomes that of the three together. */
  const turn = (): void => {
    const [first, second] = frame;
    for (let row = 0; row < height; row++) {
      const [a, b] = [first[row]!, second[row]!];
      first[row] = along * a + aside * b;
      second[row] = aside * a - along * b;
    }
  };

  const draw = ({ kind, unit }: SureTest, bound: number): void => {
    if (unit === -1) {
      aimAtShared(space, { axis, bound, random });
      drawAlong();
    } else drawAround(aimAtUnit(space, { unit, axis, bound, random }));
    if (kind === "mean3" || kind === "all3") turn();
  };

  const countSure = (bounds: SureBounds): number => {
    let sure = 0;
    for (let unit = 0; unit < count; unit++) {
      project(rows, count, unit);
      const [a, b, c] = [dots[0]!, dots[1]!, dots[2]!];
      const rest = lengths[unit]! - a * a - b * b - c * c;
      const together = along * a + aside * b;
      if (lengths[unit] === 0) continue;
      const slack = 1 + 1e-9;
      if (units[unit]!.aspect === "spread") {
        if (a * a * slack >= bounds.spread * rest) sure++;
        continue;
      }
      if (a * a * slack >= bounds.mean1 * rest) sure++;
      if (together * together * slack >= bounds.mean3 * rest) sure++;
    }
    let shareAlone = 0;
    let shareTogether = 0;
    for (let at = 0; at < directions; at++) {
      project(shared, directions, at);
      shareAlone += dots[0]! ** 2;
      shareTogether += (along * dots[0]! + aside * dots[1]!) ** 2;
    }
    if (shareAlone >= bounds.all1 * (1 - 1e-9)) sure++;
    if (shareTogether >= bounds.all3 * (1 - 1e-9)) sure++;
    return sure;
  };
  return { draw, countSure };
}

interface Aim {
  readonly axis: Float64Array;
  readonly bound: number;
  readonly random: Random;
}

/** The unit's direction as axis; how far along it the three days lie, when the first is surely off. */
function aimAtUnit(
  { days, units, rows, lengths }: DaySpace,
  { unit, axis, bound, random }: Aim & { unit: number },
): readonly [number, number, number] {
  const scale = 1 / Math.sqrt(lengths[unit]!);
  for (let row = 0, index = unit; row < axis.length; row++, index += units.length)
    axis[row] = rows[index]! * scale;
  const degrees = days - 1;
  // t² / degrees beyond the bound, by rejection from (1 + ratio)^(−(degrees + 1) / 2).
  let ratio = bound;
  do ratio = (1 + bound) * (1 - random.uniform()) ** (-2 / (degrees - 1)) - 1;
  while (random.uniform() > Math.sqrt(bound / ratio));
  let both = 0;
  for (let degree = 0; degree < days; degree++) both += random.normal() ** 2;
  const x = Math.sqrt((both * ratio) / (1 + ratio)) * (random.uniform() < 0.5 ? -1 : 1);
  const y = random.normal();
  const z = random.normal();
  const length = Math.sqrt(both + y * y + z * z);
  return [x / length, y / length, z / length];
}

/** Makes the axis a chance day that surely lies off in the shared directions. */
function aimAtShared({ days, shared, directions }: DaySpace, { axis, bound, random }: Aim): void {
  // A share beyond the bound, by rejection from (1 − share)^((dimensions − directions) / 2 − 1).
  let share = bound;
  const power = 2 / (days + 2 - directions);
  const isLikely = (): boolean =>
    random.uniform() <= (directions === 1 ? Math.sqrt(bound / share) : share ** (directions / 2 - 1));
  do share = 1 - (1 - bound) * (1 - random.uniform()) ** power;
  while (!isLikely());
  const inside = new Float64Array(axis.length);
  drawDirection(axis, days, random);
  for (let at = 0; at < directions; at++) {
    const weight = random.normal();
    let dot = 0;
    for (let row = 0; row < axis.length; row++) dot += axis[row]! * shared[row * directions + at]!;
    for (let row = 0; row < axis.length; row++) {
      inside[row]! += weight * shared[row * directions + at]!;
      axis[row]! -= dot * shared[row * directions + at]!;
    }
  }
  scaleToOne(inside);
  scaleToOne(axis);
  const [part, rest] = [Math.sqrt(share), Math.sqrt(1 - share)];
  for (let row = 0; row < axis.length; row++) axis[row] = part * inside[row]! + rest * axis[row]!;
}

/** A random direction, at right angles to the reference's mean; not of length 1. */
function drawDirection(direction: Float64Array, days: number, random: Random): void {
  let mean = 0;
  for (let row = 0; row < direction.length; row++) {
    const value = random.normal();
    direction[row] = value;
    if (row < days) mean += value / days;
  }
  for (let row = 0; row < days; row++) direction[row]! -= mean;
}

function removeFrom(direction: Float64Array, other: Float64Array): void {
  let dot = 0;
  for (let row = 0; row < direction.length; row++) dot += direction[row]! * other[row]!;
  for (let row = 0; row < direction.length; row++) direction[row]! -= dot * other[row]!;
}

function scaleToOne(direction: Float64Array): void {
  let squares = 0;
  for (let row = 0; row < direction.length; row++) squares += direction[row]! ** 2;
  const scale = squares > 1e-24 ? 1 / Math.sqrt(squares) : 0;
  for (let row = 0; row < direction.length; row++) direction[row]! *= scale;
}

/** Where `isBelow` ends, between 0 and `most`. */
function bisect(isBelow: (value: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  for (let step = 0; step < 60 && high - low > 1e-7 * high; step++) {
    // Ratios run over many orders.
    const middle = low > 0 ? Math.sqrt(low * high) : high / 1000;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return high;
}
