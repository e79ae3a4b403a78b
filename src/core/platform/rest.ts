/** Gives way: whoever works for long on the event loop lets timers, connections and other requests have their turn. */

/** Resolves after everything that waits has had its turn. */
export function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
