/** Those who wait for something, all let go at once. */

/** A waiting room. */
export interface Waiters {
  /** Resolves or rejects as the next call of the two below says. */
  wait(): Promise<void>;
  resolveAll(): void;
  rejectAll(error: Error): void;
}

/** Creates a room that nobody is in. */
export function createWaiters(): Waiters {
  const all: { resolve(): void; reject(error: Error): void }[] = [];
  return {
    wait: () => new Promise((resolve, reject) => all.push({ resolve, reject })),
    resolveAll: () => {
      if (all.length > 0) for (const waiter of all.splice(0)) waiter.resolve();
    },
    rejectAll: (error) => {
      for (const waiter of all.splice(0)) waiter.reject(error);
    },
  };
}
