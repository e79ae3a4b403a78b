/** Requantisations at every corner: exact ties, sums beyond 24 bits, both ends of uint8, tiny and huge multipliers. */

import type { Random } from "../../src/core/maths/random.ts";
import type { RequantiseCase } from "./check-commands.ts";

/** The definition (`src/core/contract/bundle/quantised-mlp.ts`), written once more and plainly. */
export function requantiseAsDefined({ sum, multiplier, zeroPoint }: RequantiseCase): number {
  const product = Math.fround(Math.fround(sum) * multiplier);
  const below = Math.floor(product);
  const rest = product - below;
  const rounded = rest < 0.5 ? below : rest > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
  return Math.min(255, Math.max(0, rounded + zeroPoint));
}

/** Random cases, most of them where another order of roundings would give another integer. */
export function createRequantiseCases(random: Random, count: number): RequantiseCase[] {
  return Array.from({ length: count }, () => createCase(random));
}

function createCase(random: Random): RequantiseCase {
  const zeroPoint = [0, 255, 128, random.integer(256)][random.integer(4)]!;
  const sign = random.integer(2) === 0 ? 1 : -1;
  switch (random.integer(6)) {
    case 0: {
      // Ties: a power of two as multiplier.
      const power = random.integer(22);
      const sum = sign * Math.floor((random.integer(600) + 0.5) * 2 ** power);
      return { sum, multiplier: 2 ** -power, zeroPoint };
    }
    case 1: {
      // As close to k + 1/2 as float32 comes, from both sides.
      const sum = sign * (1 + random.integer(2 ** 24));
      const multiplier = Math.fround((random.integer(300) + 0.5) / Math.abs(sum));
      return { sum, multiplier: nudge(multiplier, random.integer(5) - 2), zeroPoint };
    }
    case 2: {
      // Beyond 24 bits: the sum itself is rounded, often on a tie.
      const magnitude = Math.min(
        2_147_483_647,
        2 ** (24 + random.integer(7)) + random.integer(2 ** 24) * 2 + random.integer(3),
      );
      const multiplier = Math.fround((random.integer(300) + 0.5) / magnitude);
      return { sum: sign * magnitude, multiplier: nudge(multiplier, random.integer(5) - 2), zeroPoint };
    }
    case 3: {
      const sum = [0, 1, -1, 2_147_483_647, -2_147_483_648, -2_147_483_647, 16_777_217][random.integer(7)]!;
      return {
        sum,
        multiplier: Math.fround(2 ** (random.integer(200) - 110) * (1 + random.uniform())),
        zeroPoint,
      };
    }
    case 4:
      return {
        sum: random.integer(2 ** 32) - 2 ** 31,
        multiplier: Math.fround(2 ** (random.integer(60) - 50) * (1 + random.uniform())),
        zeroPoint,
      };
    default:
      return {
        sum: sign * random.integer(2 ** 20),
        multiplier: Math.fround(random.uniform() * 2 ** -11 + 2 ** -30),
        zeroPoint,
      };
  }
}

/** The float32 so many steps away; positive in, positive out. */
function nudge(value: number, steps: number): number {
  const cells = Float32Array.of(value);
  const bits = new Uint32Array(cells.buffer);
  bits[0]! += steps;
  return cells[0]!;
}
