/**
 * The train of impacts of a localised bearing fault (Randall & Antoni, "Rolling element bearing diagnostics – a
 * tutorial", MSSP 25 (2011)): spacing by the bearing's kinematics in shaft angle with random slip, strength by the
 * load zone, double impacts of a spall's entry and exit (Sawalhi & Randall, MSSP 25 (2011)).
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FaultKind } from "../contract/bundle/bearing-fault.ts";
import type { Random } from "../maths/random.ts";

/** A stretch of samples during which the shaft turns evenly. */
interface ExcitedStretch {
  readonly samples: number;
  readonly fromRevolutions: number;
  readonly toRevolutions: number;
  /** Of an impact in the middle of the load zone. */
  readonly strength: number;
}

interface FaultExcitation {
  /** Adds impacts to `impacts` [≥ samples + 1]; one between two samples is shared between them. */
  addTo(impacts: Float64Array, stretch: ExcitedStretch): void;
}

/** Creates the impacts of one fault in one bearing; everything individual about them is drawn from `random`. */
export function createFaultExcitation(
  kind: FaultKind,
  orders: BearingOrders,
  random: Random,
): FaultExcitation {
  // The cage lags behind pure rolling, so an outer race or ball order falls short and an inner race order exceeds.
  const lag = 1 - 0.01 * random.uniform();
  const elements = orders.bpfo / orders.ftf;
  const cageOrder = orders.ftf * lag;
  const impactOrder = {
    "inner-race": elements * (1 - cageOrder),
    "outer-race": elements * cageOrder,
    ball: orders.bsf * lag,
  }[kind];
  // Deviation of a spacing from the mean: 1 to 2 % (Randall & Antoni 2011, section 2). Spacings are independent,
  // so the phase wanders and higher harmonics smear (Antoni & Randall 2003).
  const slip = 0.01 + 0.01 * random.uniform();
  const spread = 0.1 + 0.15 * random.uniform();
  const loadZone = 0.45 + 0.45 * random.uniform();
  const zoneTurn = random.uniform();
  // Entry into the spall is soft, the exit is the blow; between them lies the width of the spall.
  const entryStrength = 0.15 + 0.25 * random.uniform();
  const spallTurns = (0.03 + 0.07 * random.uniform()) / impactOrder;
  // A ball's defect strikes the inner and the outer race in turn; the path from the inner one is weaker.
  const otherRace = 0.5 + 0.3 * random.uniform();
  let nextExit = Number.NaN;
  let entered = false;
  let blow = 0;
  let strikes = 0;
  let wander = random.normal();

  const strengthAt = (revolutions: number): number => {
    const individual = Math.max(0, 1 + spread * random.normal());
    switch (kind) {
      case "outer-race":
        // The spall lies where the load is: that is why it grew there.
        return individual;
      case "inner-race":
        return individual * stribeckLoad(revolutions + zoneTurn, loadZone);
      case "ball": {
        // The ball's axis wanders, so that the defect runs more or less on the track, over hundreds of strikes.
        wander = 0.995 * wander + Math.sqrt(1 - 0.995 ** 2) * random.normal();
        const onTrack = Math.min(1, Math.max(0.2, 0.75 + 0.25 * wander));
        const side = strikes % 2 === 0 ? 1 : otherRace;
        return individual * onTrack * side * stribeckLoad(revolutions * cageOrder + zoneTurn, loadZone);
      }
    }
  };

  return {
    addTo: (impacts, { samples, fromRevolutions, toRevolutions, strength }) => {
      const turned = toRevolutions - fromRevolutions;
      if (turned <= 0) return;
      if (Number.isNaN(nextExit)) nextExit = fromRevolutions + (0.5 + random.uniform()) / impactOrder;
      const samplesPerTurn = samples / turned;
      for (;;) {
        if (!entered) {
          const entry = nextExit - spallTurns;
          if (entry >= toRevolutions) return;
          blow = strengthAt(nextExit);
          place(
            impacts,
            samples,
            (entry - fromRevolutions) * samplesPerTurn,
            -entryStrength * blow * strength,
          );
          entered = true;
        }
        if (nextExit >= toRevolutions) return;
        place(impacts, samples, (nextExit - fromRevolutions) * samplesPerTurn, blow * strength);
        entered = false;
        strikes++;
        nextExit += Math.max(0.5, 1 + slip * random.normal()) / impactOrder;
      }
    },
  };
}

/**
 * Load of a rolling contact at an angle from the middle of the load zone, 0 to 1 (Stribeck, after Harris ch. 7):
 * (1 − (1 − cos ψ) / 2ε)^1.5 for point contact. ε = 0.5 loads half of the ring (no clearance), ε → ∞ all of it.
 */
function stribeckLoad(turns: number, distributionFactor: number): number {
  const inner = 1 - (1 - Math.cos(2 * Math.PI * turns)) / (2 * distributionFactor);
  return inner <= 0 ? 0 : inner * Math.sqrt(inner);
}

/** Splits an impact at a fractional sample between its two neighbours. */
// biome-ignore lint/complexity/useMaxParams: called for every impact; an object would be garbage
function place(impacts: Float64Array, samples: number, at: number, strength: number): void {
  const index = Math.min(samples - 1, Math.max(0, Math.floor(at)));
  const fraction = at - index;
  impacts[index]! += strength * (1 - fraction);
  impacts[index + 1]! += strength * fraction;
}
