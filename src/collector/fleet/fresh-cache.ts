/**
 * Holds what was loaded or rendered for a stated time, so that many who look at the same thing cost as much as one. Who
 * asks while it is being made waits for the same answer. Knows nothing of what it holds, and holds no failure.
 */
import type { Clock } from "../../core/platform/clock.ts";

/** How old may be what is shown: pages renew themselves every 3 s. */
export const freshForMs = 2_000;
/** Verdicts of drift change once a period: their lists may be as many times as old. */
export const driftPatience = 15;

interface FreshCache {
  /** What is held under a key and fresh, or else what `load` brings. */
  get<T>(key: string, load: () => Promise<T>): Promise<T>;
}

interface FreshCacheOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** From the moment at which it began to be loaded; 0: nothing is held. */
  readonly freshMs: number;
  /** Beyond so many, or beyond a cost in sum, the oldest go. */
  readonly maxEntries: number;
  readonly maxCost?: number;
  /** Of something loaded, for example bytes. Default: 0. */
  readonly costOf?: (value: unknown) => number;
}

interface Entry {
  readonly sinceMs: number;
  readonly value: Promise<unknown>;
  cost: number;
}

export function createFreshCache(options: FreshCacheOptions): FreshCache {
  const { clock, freshMs, maxEntries, maxCost = Number.POSITIVE_INFINITY, costOf = () => 0 } = options;
  // In the order of their age.
  const entries = new Map<string, Entry>();
  let cost = 0;
  const remove = (key: string, entry: Entry): void => {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    cost -= entry.cost;
  };
  const evict = (): void => {
    const staleMs = clock.monotonicMs() - freshMs;
    for (const [key, entry] of entries) {
      if (entry.sinceMs > staleMs && entries.size <= maxEntries && cost <= maxCost) return;
      remove(key, entry);
    }
  };
  return {
    get: async <T>(key: string, load: () => Promise<T>): Promise<T> => {
      if (freshMs <= 0) return load();
      evict();
      const held = entries.get(key);
      if (held !== undefined) return held.value as Promise<T>;
      const value = load();
      const entry: Entry = { sinceMs: clock.monotonicMs(), value, cost: 0 };
      entries.set(key, entry);
      try {
        const loaded = await value;
        if (entries.get(key) === entry) {
          entry.cost = costOf(loaded);
          cost += entry.cost;
          evict();
        }
        return loaded;
      } catch (error) {
        remove(key, entry);
        throw error;
      }
    },
  };
}
