/**
 * A bounded number of connections, shared so that those who are known keep theirs: whoever has not said who it is
 * makes room for the next, and guests have half of the places at most. Reads and writes nothing.
 */
import type { Socket } from "node:net";

/** The places. */
export interface Places {
  /** Every connection that has a place, the oldest first. */
  readonly taken: ReadonlySet<Socket>;
  /** A new connection; false when every place is held by somebody known. Its place is free again when it closes. */
  take(socket: Socket): boolean;
  /** It said who it is, and keeps its place; false when it is a guest too many. */
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
