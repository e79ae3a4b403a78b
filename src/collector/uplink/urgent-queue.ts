/** Two queues in which senders take turns: what is urgent comes first, and never takes more than half when others wait. */
import { createFairQueue, type FairQueue } from "./fair-queue.ts";

/** Creates an empty queue. What is urgent keeps its sender's order, and so does the rest; neither waits for the other. */
export function createUrgentQueue<T>(
  costOf: (item: T) => number,
  isUrgent: (item: T) => boolean,
): FairQueue<T> {
  const urgent = createFairQueue(costOf);
  const others = createFairQueue(costOf);
  const queueOf = (item: T): FairQueue<T> => (isUrgent(item) ? urgent : others);
  return {
    get count() {
      return urgent.count + others.count;
    },
    get cost() {
      return urgent.cost + others.cost;
    },
    push: (sender, item) => queueOf(item).push(sender, item),
    putBack: (sender, item) => queueOf(item).putBack(sender, item),
    take: (most, mostCost) => {
      const costBefore = urgent.cost;
      if (others.count === 0) return urgent.take(most, mostCost);
      const first = urgent.take(most / 2, mostCost / 2);
      const leftCost = mostCost - (costBefore - urgent.cost);
      // One large message may have taken more than the half.
      return [...first, ...others.take(most - first.length, Math.max(leftCost, mostCost / 2))];
    },
    costOf: (sender) => urgent.costOf(sender) + others.costOf(sender),
  };
}
