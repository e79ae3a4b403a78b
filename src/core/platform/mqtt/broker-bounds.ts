/** What bounds the embedded broker's memory: its connections and its retained messages. Keeps no message itself. */
import type { Socket } from "node:net";

/**
 * A bounded number of connections, shared so that known clients keep theirs: one that has not authenticated makes room
 * for the next, and guests have half of the places at most.
 */
export interface Places {
  /** Every connection that has a place, the oldest first. */
  readonly taken: ReadonlySet<Socket>;
  /** A new connection; false when known clients hold every place. Its place is free again when it closes. */
  take(socket: Socket): boolean;
  /** It authenticated, and keeps its place; false when there are too many guests. */
  settle(socket: Socket, isGuest: boolean): boolean;
}

/** Creates `max` places. */
export function createPlaces(max: number): Places {
  const taken = new Set<Socket>();
  /** In the order of their coming. */
  const unknown = new Set<Socket>();
  const guests = new Set<Socket>();
  const leave = (socket: Socket): void => {
    for (const set of [taken, unknown, guests]) set.delete(socket);
  };
  return {
    taken,
    take(socket) {
      if (taken.size >= max) {
        const [oldest] = unknown;
        if (oldest === undefined) return false;
        leave(oldest);
        oldest.destroy();
      }
      taken.add(socket);
      unknown.add(socket);
      socket.once("close", () => leave(socket));
      return true;
    },
    settle(socket, isGuest) {
      if (isGuest && guests.size >= Math.ceil(max / 2)) return false;
      unknown.delete(socket);
      // It may have closed while its password was checked.
      if (isGuest && taken.has(socket)) guests.add(socket);
      return true;
    },
  };
}

/** Counts retained messages by their topics and bytes. */
interface RetainedBound {
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
