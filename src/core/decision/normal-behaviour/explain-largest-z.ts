/**
 * Why is a component's score what it is? The exact Shapley values of its outputs' distances: the score is the largest
 * |z| of them, and "the largest of" is the game whose values are known in closed form (the airport game, Littlechild &
 * Owen 1973): sorted a₁ ≤ … ≤ aₙ, φₖ = Σⱼ≤ₖ (aⱼ − aⱼ₋₁) / (n − j + 1).
 */
import type { Explanation } from "../../contract/prediction.ts";

interface ScoredSensor {
  /** Words for people: `gear oil`. */
  readonly name: string;
  /** NaN: nothing is known; it then has no share. */
  readonly z: number;
}

/** The shares of a component's outputs in its score; they add up to it, and every share has the sign of +. */
export function explainLargestZ(sensors: readonly ScoredSensor[]): Explanation {
  const known = sensors
    .map(({ name, z }, index) => ({ name, size: Math.abs(z), index }))
    .filter(({ size }) => !Number.isNaN(size))
    .sort((a, b) => a.size - b.size);
  let share = 0;
  let below = 0;
  const groups = known.map(({ name, size, index }, at) => {
    share += (size - below) / (known.length - at);
    below = size;
    return { name, share, index };
  });
  groups.sort((a, b) => a.index - b.index);
  const sum = groups.reduce((total, group) => total + group.share, 0);
  return {
    baseValue: 0,
    groups: groups.map((group) => ({ name: group.name, share: group.share })),
    gap: Math.abs(sum - below),
  };
}
