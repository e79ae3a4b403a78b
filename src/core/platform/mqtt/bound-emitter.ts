/**
 * Keeps the embedded broker's queue from ending the process. Its emitter calls itself for each message that waits, so that
 * some thousands of them, after a subscriber that was slow for a moment, are deeper than the stack (mqemitter 7,
 * `released` in mqemitter.js). Beyond a depth messages wait for their turn of the event loop, in their order.
 */

/** What is used of the emitter. */
interface Emitter {
  /** Messages that are under way. */
  current: number;
  _do(message: unknown, callback: unknown): unknown;
}

interface DeferredCall {
  readonly message: unknown;
  readonly callback: unknown;
}

/** Calls within each other; each takes some frames of the stack. */
const maxDepth = 100;

/** Bounds the depth of a broker's emitter. */
export function boundEmitterDepth(broker: object): void {
  const { mq: emitter } = broker as { readonly mq: Emitter };
  const run = emitter._do;
  /** They count as under way, so that there are no more than the emitter does at once. */
  const deferred: DeferredCall[] = [];
  let depth = 0;
  const runDeferred = (): void => {
    // What comes to wait meanwhile has the next turn.
    for (let left = deferred.length; left > 0; left--) {
      const { message, callback } = deferred[0]!;
      emitter.current -= 1;
      runOne(message, callback);
      // Only now: what it begins itself waits behind the others.
      deferred.shift();
    }
    if (deferred.length > 0) setImmediate(runDeferred);
  };
  const runOne = (message: unknown, callback: unknown): void => {
    depth += 1;
    try {
      run.call(emitter, message, callback);
    } finally {
      depth -= 1;
    }
  };
  emitter._do = (message, callback) => {
    // Behind one that waits all wait, or they would overtake it.
    if (depth < maxDepth && deferred.length === 0) {
      runOne(message, callback);
      return emitter;
    }
    deferred.push({ message, callback });
    emitter.current += 1;
    if (deferred.length === 1) setImmediate(runDeferred);
    return emitter;
  };
}
