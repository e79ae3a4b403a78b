/** Bounds the retained messages that a broker keeps in memory, by their topics and their bytes. Keeps none itself. */

/** The bound. */
export interface RetainedBound {
  /**
   * May this message be retained? It is counted when it may; an empty payload gives its topic back (MQTT 3.1.1 section
   * 3.3.1.3).
   */
  admits(topic: string, bytes: number): boolean;
}

/** Creates a bound with nothing retained. */
export function createRetainedBound(maxTopics: number, maxBytes: number): RetainedBound {
  const bytesOf = new Map<string, number>();
  let total = 0;
  return {
    admits(topic, bytes) {
      const before = bytesOf.get(topic);
      const after = total - (before ?? 0) + bytes;
      if (bytes === 0) bytesOf.delete(topic);
      else {
        if (after > maxBytes || (before === undefined && bytesOf.size >= maxTopics)) return false;
        bytesOf.set(topic, bytes);
      }
      total = after;
      return true;
    },
  };
}
