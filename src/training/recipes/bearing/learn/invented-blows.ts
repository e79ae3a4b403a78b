/**
 * When a damaged bearing is struck, and how hard: blows over the angle of the shaft, with slip, with intervals that differ
 * by chance, and with the load zone that a defect passes through (McFadden & Smith 1984; Antoni & Randall 2003). No ringing.
 */
import type { FaultKind } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { Random } from "../../../../core/maths/random.ts";
import { chance, drawEven, drawRatio, type InventedBearing } from "./invented-rigs.ts";

/** A blow. */
export interface Blow {
  /** Turns of the shaft since the beginning. */
  readonly turn: number;
  /** In multiples of a full blow. */
  readonly strength: number;
}

/** The blows of a fault within `turns` of the shaft. */
export function inventBlows(
  kind: FaultKind,
  bearing: InventedBearing,
  { turns, random }: { readonly turns: number; readonly random: Random },
): Blow[] {
  const { bpfi, bpfo, bsf, ftf } = bearing.orders;
  const slip = 1 + 0.01 * (2 * random.uniform() - 1);
  // How much of an interval's chance stays for all that follow: a cage drifts, a deviation of one element does not.
  const drift = random.uniform();
  const jitter = drawRatio(random, 0.005, 0.02);
  const spread = drawRatio(random, 0.05, 0.4);
  const order = { "inner-race": bpfi, "outer-race": bpfo, ball: bsf }[kind] * slip;
  const weigh = weighByPlace(kind, bearing, { cageOrder: ftf * slip, random });
  const entry = chance(random, 0.25) ? drawEven(random, 0.02, 0.12) : 0;
  const blows: Blow[] = [];
  let turn = random.uniform() / order;
  for (let count = 0; turn < turns; count++) {
    const strength = weigh(turn, count) * Math.exp(spread * random.normal());
    const own = (jitter * random.normal()) / order;
    if (strength > 0.02) {
      const at = turn + (1 - drift) * own;
      blows.push({ turn: at, strength });
      // A wide spall is met twice: where the element falls in, and where it climbs out.
      if (entry > 0) blows.push({ turn: at + entry / order, strength: 0.6 * strength });
    }
    turn += 1 / order + 0.3 * drift * own;
  }
  return blows;
}

type Weigh = (turn: number, count: number) => number;

function weighByPlace(
  kind: FaultKind,
  { loadZone }: InventedBearing,
  { cageOrder, random }: { readonly cageOrder: number; readonly random: Random },
): Weigh {
  const start = 2 * Math.PI * random.uniform();
  const load = (angle: number): number => Math.max(0, 1 - (1 - Math.cos(angle)) / (2 * loadZone)) ** 1.1;
  // An unbalance turns with the shaft and loads the whole circumference in turn.
  const floor = chance(random, 0.4) ? drawEven(random, 0.1, 0.6) : 0.03;
  if (kind === "outer-race") {
    const unbalance = chance(random, 0.5) ? drawEven(random, 0, 0.4) : 0;
    return (turn) => 1 + unbalance * Math.cos(2 * Math.PI * turn + start);
  }
  if (kind === "inner-race") {
    return (turn) => floor + (1 - floor) * load(2 * Math.PI * turn + start);
  }
  // The inner race is struck, then the outer one, which is nearer to the sensor; an element may turn its defect aside.
  const innerShare = drawEven(random, 0.2, 1);
  const aside = chance(random, 0.5) ? drawEven(random, 0.05, 0.5) : 0;
  return (turn, count) =>
    chance(random, aside)
      ? 0
      : (count % 2 === 0 ? 1 : innerShare) *
        (floor + (1 - floor) * load(2 * Math.PI * cageOrder * turn + start));
}
