/**
 * States and statuses that wait to be stored: the newest of each topic, bounded in number and bytes. A state is said again every
 * few seconds, a status once: half of the room is for statuses alone. What has no room is refused.
 */
import { quarantineSampleBytes } from "../record/record-rules.ts";

/** A message of a retained topic. */
export interface StateMessage {
  readonly kind: "state" | "status";
  readonly topic: string;
  /** Of one that is too large to be read, its beginning. */
  readonly payload: Uint8Array;
  /** Of the whole payload. */
  readonly sizeBytes: number;
  readonly retained: boolean;
  readonly heardMs: number;
}

interface WaitingStates {
  readonly count: number;
  readonly isFull: boolean;
  /** Keeps it in the place of an older one of its topic; false: there is no room. The payload is copied. */
  put(message: Omit<StateMessage, "sizeBytes">): boolean;
  /** Gives back what could not be stored, if nothing newer is there and there is room. */
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
  const costOf = ({ topic, payload }: StateMessage): number =>
    payload.length + 2 * topic.length + overheadBytes;
  const add = (message: StateMessage): boolean => {
    const older = waiting.get(message.topic);
    const after = bytes + costOf(message) - (older === undefined ? 0 : costOf(older));
    const share = message.kind === "status" ? 1 : 0.5;
    const count = waiting.size + (older === undefined ? 1 : 0);
    if (after > share * mostBytes || count > share * mostMessages) return false;
    waiting.set(message.topic, message);
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
    put: (message) => {
      const sizeBytes = message.payload.length;
      const kept = sizeBytes > maxStateBytes ? quarantineSampleBytes : sizeBytes;
      // Copied: it came with others, which it would keep in memory.
      return add({ ...message, sizeBytes, payload: message.payload.slice(0, kept) });
    },
    putBack: (message) => {
      if (!waiting.has(message.topic)) add(message);
    },
    takeAll: () => {
      const taken = [...waiting.values()];
      waiting.clear();
      bytes = 0;
      return taken;
    },
  };
}
