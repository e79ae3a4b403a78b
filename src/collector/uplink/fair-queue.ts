/** A queue in which senders take turns: one who sends much waits for itself, and what one sends stays in its order. */

/** What waits, by its sender. */
export interface FairQueue<T> {
  readonly count: number;
  /** Of all that waits. */
  readonly cost: number;
  push(sender: string, item: T): void;
  /** Gives back what was taken last of a sender: it comes before what waits of it. */
  putBack(sender: string, item: T): void;
  /** Takes one of each sender after the other: at most so many, and none once they cost `mostCost`. */
  take(most: number, mostCost: number): T[];
  /** Cost of what waits of a sender. */
  costOf(sender: string): number;
}

interface SenderQueue<T> {
  /** Of those before `first`, which are taken, nothing is left. */
  items: (T | undefined)[];
  first: number;
  cost: number;
}

/** Taken places that a sender's queue may have before it is cut. */
const mostTaken = 1_000;

/** Creates an empty queue. */
export function createFairQueue<T>(costOf: (item: T) => number): FairQueue<T> {
  const senders = new Map<string, SenderQueue<T>>();
  let count = 0;
  let cost = 0;
  const add = (sender: string, item: T): SenderQueue<T> => {
    const queue = senders.get(sender) ?? { items: [], first: 0, cost: 0 };
    senders.set(sender, queue);
    const itsCost = costOf(item);
    queue.cost += itsCost;
    cost += itsCost;
    count += 1;
    return queue;
  };
  return {
    get count() {
      return count;
    },
    get cost() {
      return cost;
    },
    push: (sender, item) => add(sender, item).items.push(item),
    putBack: (sender, item) => {
      const queue = add(sender, item);
      if (queue.first === 0) queue.items.unshift(item);
      else {
        queue.first -= 1;
        queue.items[queue.first] = item;
      }
    },
    take: (most, mostCost) => {
      const taken: T[] = [];
      const leftCost = cost - mostCost;
      // Whoever had a turn goes to the end, also of the next call.
      for (const [sender, queue] of senders) {
        if (taken.length >= most || cost <= leftCost) break;
        const item = queue.items[queue.first]!;
        taken.push(item);
        queue.items[queue.first] = undefined;
        queue.first += 1;
        if (queue.first >= mostTaken) {
          queue.items = queue.items.slice(queue.first);
          queue.first = 0;
        }
        const itsCost = costOf(item);
        queue.cost -= itsCost;
        cost -= itsCost;
        senders.delete(sender);
        if (queue.first < queue.items.length) senders.set(sender, queue);
      }
      count -= taken.length;
      return taken;
    },
    costOf: (sender) => senders.get(sender)?.cost ?? 0,
  };
}
