/** What bounds the embedded broker's memory: its connections, their filters and its retained messages. Keeps no message itself. */
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Clock } from "../clock.ts";

/**
 * A bounded number of connections, shared so that known clients keep theirs: one that has not authenticated makes room
 * for the next, guests have a part of the places at most, and a login has a few, of which the first takes none from others. Connections of this process have places of their own.
 */
export interface Places {
  /** Every connection that has a place. */
  readonly taken: readonly Socket[];
  /** A new connection, by the port of this process or the other; false when known clients hold every place. It is free again when it closes. */
  take(socket: Socket, isOwn: boolean): boolean;
  /** Did it come by the port of this process? */
  isOwn(socket: Socket): boolean;
  /**
   * It authenticated as `login` (null: a guest) and keeps its place; says why not when that login has all of its places. One that takes
   * over the client id of another finds one, as the other ends (section 3.1.4).
   */
  settle(socket: Socket, login: string | null, clientId: string): string | null;
}

/** A gateway has one connection, `aurora doctor` two more for a moment; the others are for people's own tools. */
const maxOfLogin = 16;
/** What stores and what shows; others of this machine reach that port, and make room there as elsewhere. */
const maxOwn = 16;

/** Creates `open` places, of which guests have half, and one more for the first connection of each of so many enrolled. */
export function createPlaces(open: number, enrolled: number): Places {
  const others = createBoundedPlaces(open, enrolled, Math.ceil(open / 2));
  const own = createBoundedPlaces(maxOwn, 0, 0);
  const internal = new WeakSet<Socket>();
  const of = (socket: Socket): BoundedPlaces => (internal.has(socket) ? own : others);
  return {
    get taken() {
      return [...others.taken, ...own.taken];
    },
    take(socket, isOwn) {
      if (isOwn) internal.add(socket);
      return of(socket).take(socket);
    },
    isOwn: (socket) => internal.has(socket),
    settle: (socket, login, clientId) => of(socket).settle(socket, login, clientId),
  };
}

interface BoundedPlaces extends Pick<Places, "settle"> {
  readonly taken: ReadonlySet<Socket>;
  take(socket: Socket): boolean;
}

function createBoundedPlaces(open: number, enrolled: number, maxOfGuests: number): BoundedPlaces {
  const taken = new Set<Socket>();
  /** In the order of their coming. */
  const unknown = new Set<Socket>();
  /** Client ids of those that authenticated, by login. */
  const settled = new Map<string | null, Map<Socket, string>>();
  const countLogins = (): number => settled.size - (settled.has(null) ? 1 : 0);
  /** Of the open places: all but the first connection of each login, and of as many logins as are enrolled. */
  const countOpen = (): number => taken.size - unknown.size - Math.min(countLogins(), enrolled);
  const leave = (socket: Socket): void => {
    taken.delete(socket);
    unknown.delete(socket);
  };
  return {
    taken,
    take(socket) {
      if (taken.size >= open + enrolled) {
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
    settle(socket, login, clientId) {
      const own = settled.get(login) ?? new Map<Socket, string>();
      const most = login === null ? maxOfGuests : maxOfLogin;
      const takesOver = [...own.values()].includes(clientId);
      if (own.size >= most && !takesOver) return `more than ${most} connections`;
      const isFirst = login !== null && own.size === 0 && countLogins() < enrolled;
      if (!isFirst && !takesOver && countOpen() >= open) return "all open places are taken";
      unknown.delete(socket);
      // It may have closed while its password was checked.
      if (!taken.has(socket)) return null;
      settled.set(login, own.set(socket, clientId));
      socket.once("close", () => {
        own.delete(socket);
        if (own.size === 0) settled.delete(login);
      });
      return null;
    },
  };
}

/** Of a topic or a filter, in characters: the longest of this project has fewer than 300. */
export const maxTopicLength = 512;

/** Counts retained messages by their topics and bytes, for each login and for all together. */
interface RetainedBound {
  /**
   * May this message of `login` be retained? It is counted when it may; if not, or if its payload is empty (MQTT 3.1.1 section
   * 3.3.1.3), nothing is retained of its topic.
   */
  admits(login: string | null, topic: string, bytes: number): boolean;
}

interface Sum {
  readonly topics: number;
  readonly bytes: number;
}

/** Of the topics and bytes of all, for one login: what one fills leaves room for the others. */
const loginShare = 1 / 8;

/** Creates a bound with nothing retained. A topic counts for its last publisher. */
export function createRetainedBound(maxTopics: number, maxBytes: number): RetainedBound {
  const none = { topics: 0, bytes: 0 };
  const kept = new Map<string, { readonly login: string | null; readonly bytes: number }>();
  let all: Sum = none;
  const ofLogin = new Map<string | null, Sum>();
  const change = (login: string | null, { topics, bytes }: Sum): void => {
    all = { topics: all.topics + topics, bytes: all.bytes + bytes };
    const before = ofLogin.get(login) ?? none;
    const after = { topics: before.topics + topics, bytes: before.bytes + bytes };
    if (after.topics === 0) ofLogin.delete(login);
    else ofLogin.set(login, after);
  };
  return {
    admits(login, topic, bytes) {
      const before = kept.get(topic);
      if (before !== undefined) change(before.login, { topics: -1, bytes: -before.bytes });
      kept.delete(topic);
      if (bytes === 0) return true;
      const fits = (sum: Sum, share: number): boolean =>
        sum.topics + 1 <= Math.ceil(share * maxTopics) && sum.bytes + bytes <= share * maxBytes;
      if (!fits(all, 1) || !fits(ofLogin.get(login) ?? none, loginShare)) return false;
      change(login, { topics: 1, bytes });
      kept.set(topic, { login, bytes });
      return true;
    },
  };
}

/** The part of a broker that keeps retained messages; an empty one takes its topic's away. */
interface RetainedStore {
  storeRetained(message: { readonly topic: string; readonly payload: Buffer }): Promise<void>;
}

/**
 * Bounds what `broker` (an Aedes) retains. What has no room is passed on all the same: refusing it would cut its publisher at each
 * connection anew. Of its topic nothing is retained then, as an older message would pass for the newest.
 * @param publishers of the payloads that are to be retained
 */
export function boundRetained<T extends { readonly username: string | null }>(
  broker: object,
  publishers: WeakMap<Buffer, T>,
  tellUnkept: (publisher: T | undefined, topic: string) => void,
): void {
  const { persistence } = broker as { readonly persistence: RetainedStore };
  const bound = createRetainedBound(10_000, 64 * 1024 * 1024);
  const store = persistence.storeRetained.bind(persistence);
  persistence.storeRetained = (message) => {
    const { topic, payload } = message;
    const publisher = publishers.get(payload);
    // Copied: it is a part of all that came with it, which it would keep in memory uncounted.
    if (bound.admits(publisher?.username ?? null, topic, payload.length))
      return store({ ...message, payload: Buffer.from(new Uint8Array(payload).buffer) });
    tellUnkept(publisher, topic);
    return store({ ...message, payload: Buffer.alloc(0) });
  };
}

/** The part of a broker that keeps what absent clients are to be sent. */
interface QueueStore {
  outgoingClearMessageId(client: unknown, acknowledged: unknown): Promise<unknown>;
}

/**
 * Keeps `broker` (an Aedes) from remembering who has acknowledged a message: it makes a queue, an empty one, for each client id that does,
 * and lets go of none. Where no session outlives its connection nothing waits in any.
 */
export function keepNoQueues(broker: object): void {
  const { persistence } = broker as { readonly persistence: QueueStore };
  persistence.outgoingClearMessageId = async () => undefined;
}

/** Ends what a subscriber is still to be sent of the retained messages when its connection closes; aedes itself goes through all of them. */
export function endRetainedOfClosed(broker: object): void {
  const { persistence } = broker as {
    readonly persistence: { createRetainedStreamCombi(filters: readonly string[]): Readable };
  };
  const streams = new WeakMap<Socket, Set<Readable>>();
  let subscriber: Socket | null = null;
  // Tells of each SUBSCRIBE just before its messages are asked for.
  (broker as EventEmitter).on("subscribe", (_filters, client: { readonly conn: Socket }) => {
    subscriber = client.conn;
  });
  const create = persistence.createRetainedStreamCombi.bind(persistence);
  persistence.createRetainedStreamCombi = (filters) => {
    const stream = create(filters);
    const socket = subscriber;
    subscriber = null;
    if (socket === null) return stream;
    if (socket.destroyed) return stream.destroy();
    const own = streams.get(socket) ?? new Set();
    if (!streams.has(socket)) {
      streams.set(socket, own);
      socket.once("close", () => {
        for (const each of own) each.destroy();
      });
    }
    own.add(stream);
    stream.once("close", () => own.delete(stream));
    return stream;
  };
}

/** Counts topic filters: of a guest those of a connection, of a login those of all its connections. */
interface FilterBound {
  /**
   * Counts this filter until it is released or the connection closes; if it may not have it, says why. Cuts a connection that takes
   * filters again and again, as each time it is sent the retained messages.
   */
  take(socket: Socket, login: string | null, filter: string): string | null;
  release(socket: Socket, filters: readonly string[]): void;
}

interface HeldFilters {
  readonly owner: string | Socket;
  readonly filters: Set<string>;
  /** How often one was taken, less what {@link takenAgainMs} takes off again. */
  taken: number;
  countedMs: number;
}

/** In which a connection may take as many filters again as it may have. */
const takenAgainMs = 30_000;

/** Creates a bound with no filter. A gateway has one for each of its devices, and a handful. */
export function createFilterBound(
  maxOfLogin: number,
  maxOfGuest: number,
  clock: Pick<Clock, "monotonicMs">,
): FilterBound {
  const held = new Map<Socket, HeldFilters>();
  const counts = new Map<string | Socket, number>();
  const release = (socket: Socket, filters: Iterable<string>): void => {
    const own = held.get(socket);
    if (own === undefined) return;
    const { owner } = own;
    let left = counts.get(owner) ?? 0;
    for (const filter of filters) if (own.filters.delete(filter)) left--;
    if (left > 0) counts.set(owner, left);
    else counts.delete(owner);
  };
  return {
    take(socket, login, filter) {
      if (socket.destroyed) return "its connection is closed";
      const max = login === null ? maxOfGuest : maxOfLogin;
      const nowMs = clock.monotonicMs();
      const own = held.get(socket) ?? {
        owner: login ?? socket,
        filters: new Set<string>(),
        taken: 0,
        countedMs: nowMs,
      };
      const count = counts.get(own.owner) ?? 0;
      const isAgain = own.filters.has(filter);
      if (!isAgain && count >= max) return `more than ${max} filters`;
      own.taken = Math.max(0, own.taken - ((nowMs - own.countedMs) * max) / takenAgainMs) + 1;
      own.countedMs = nowMs;
      // All that it may have, and others for them.
      if (own.taken > 2 * max) {
        socket.destroy();
        return `more than ${2 * max} filters again and again, its connection is cut`;
      }
      if (isAgain) return null;
      if (!held.has(socket)) {
        held.set(socket, own);
        socket.once("close", () => {
          release(socket, [...own.filters]);
          held.delete(socket);
        });
      }
      own.filters.add(filter);
      counts.set(own.owner, count + 1);
      return null;
    },
    release,
  };
}
