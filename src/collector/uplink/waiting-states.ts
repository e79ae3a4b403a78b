/**
 * States and statuses that wait to be stored: the newest of each topic, bounded in number and bytes. A state is said again every
 * few seconds, a status once: half of the room is for statuses alone. What has no room is refused.
 */
import { quarantineSampleBytes } from "../record/record-rules.ts";

/** A message of a retained topic, as it came. */
export interface HeardMessage {
  readonly kind: "state" | "status";
  readonly topic: string;
  /** Of one that is too large to be read, its beginning. */
  readonly payload: Uint8Array;
  /** Of the whole payload. */
  readonly sizeBytes: number;
  readonly retained: boolean;
  readonly heardMs: number;
}

/** One that waits. */
export interface StateMessage extends HeardMessage {
  /** Of a state, or of one that it has taken the place of: what the watch of twins found when it came. */
  readonly twins: Twins;
  /** Of a status, or of one that it has taken the place of: it was read as a sign of two, and could not be stored. */
  readonly cloned: boolean;
}

type Twins = readonly string[] | null;
type Signs = Pick<StateMessage, "twins" | "cloned">;

interface WaitingStates {
  readonly count: number;
  readonly isFull: boolean;
  /**
   * Keeps it in the place of an older one of its topic; false: there is no room. The payload is copied.
   * @param findTwins asked if there is room
   */
  put(message: HeardMessage, findTwins: (message: HeardMessage) => Twins): boolean;
  /** Gives back what could not be stored, if nothing newer is there, which keeps its sign of two, and there is room. */
  putBack(message: StateMessage): void;
  /** Empties it. */
  takeAll(): readonly StateMessage[];
}

/** States are small; a larger message is not parsed. */
export const maxStateBytes = 262_144;
/** What waits at most: states of a fleet of 100,000 turbines come one batch after the other. */
const mostBytes = 64 * 1024 * 1024;
const mostMessages = 200_000;
/** Beside its text. */
const overheadBytes = 200;

export function createWaitingStates(): WaitingStates {
  const waiting = new Map<string, StateMessage>();
  let bytes = 0;
  const costOf = ({ topic, payload }: HeardMessage): number =>
    payload.length + 2 * topic.length + overheadBytes;
  const add = (message: HeardMessage, findSigns: () => Signs): boolean => {
    const older = waiting.get(message.topic);
    const after = bytes + costOf(message) - (older === undefined ? 0 : costOf(older));
    const share = message.kind === "status" ? 1 : 0.5;
    const count = waiting.size + (older === undefined ? 1 : 0);
    if (after > share * mostBytes || count > share * mostMessages) return false;
    waiting.set(message.topic, keepSigns({ ...message, ...findSigns() }, older));
    bytes = after;
    return true;
  };
  return {
    get count() {
      return waiting.size;
    },
    get isFull() {
      return bytes >= mostBytes / 2 || waiting.size >= mostMessages / 2;
    },
    put: (message, findTwins) => {
      const kept = message.sizeBytes > maxStateBytes ? quarantineSampleBytes : message.sizeBytes;
      // Copied: it came with others, which it would keep in memory.
      return add({ ...message, payload: message.payload.slice(0, kept) }, () => ({
        twins: findTwins(message),
        cloned: false,
      }));
    },
    putBack: (message) => {
      const newer = waiting.get(message.topic);
      if (newer === undefined) add(message, () => message);
      else waiting.set(message.topic, keepSigns(newer, message));
    },
    takeAll: () => {
      const taken = [...waiting.values()];
      waiting.clear();
      bytes = 0;
      return taken;
    },
  };
}

/** A sign of two outlives the message that it came with. */
function keepSigns(newer: StateMessage, older: StateMessage | undefined): StateMessage {
  if (older === undefined) return newer;
  const twins = older.twins === null || (newer.twins?.length ?? 0) > 0 ? newer.twins : older.twins;
  return { ...newer, twins, cloned: newer.cloned || older.cloned };
}
