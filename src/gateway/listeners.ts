/** Whoever wants to hear of something from now on, in the order in which they asked. */

/** Takes listeners, and tells them. */
export interface Listeners<Heard extends readonly unknown[]> {
  add(listener: (...heard: Heard) => void): void;
  tell(...heard: Heard): void;
}

/** Creates a list without listeners. */
export function createListeners<Heard extends readonly unknown[]>(): Listeners<Heard> {
  const listeners: ((...heard: Heard) => void)[] = [];
  return {
    add: (listener) => {
      listeners.push(listener);
    },
    tell: (...heard) => {
      for (const listener of listeners) listener(...heard);
    },
  };
}
