/**
 * Stores a batch together while all goes well, and what is urgent of it by itself and first while something fails: alerts wait for
 * no table that they do not need. Holds no message, and tries none again.
 */
import type { UplinkMessage } from "../record/fleet-record.ts";
import { storeTogether } from "./batch-loop.ts";
import type { StoreFailures } from "./store-failures.ts";

/** Of a batch, each in its order. */
interface Halves<T> {
  readonly urgent: readonly T[];
  readonly others: readonly T[];
}

/** What became of a batch. */
interface HalvesStored<T> {
  /** What could not be stored; `others alone`: not for the first time, and the storage is there otherwise. */
  readonly failed: "both" | "others" | "others alone" | null;
  /** Payloads of messages that came before what stands between them and what is stored. */
  readonly early: ReadonlySet<Uint8Array>;
  /** Messages that our own code stumbles over. */
  readonly stuck: ReadonlyMap<T, unknown>;
}

interface HalfStoreOptions<T> {
  readonly failures: StoreFailures;
  /** Stores messages, and adds to `early`; waits for a lock no longer than `lockMs`. */
  readonly store: (messages: readonly T[], early: Set<Uint8Array>, lockMs?: number) => Promise<void>;
  /** Is the storage there? */
  readonly answers: () => Promise<boolean>;
}

/** How long the others, while they fail, may wait for a lock: alerts that come meanwhile wait behind. */
const othersLockMs = 1_000;

/** Alerts, and the events beside them, come before what else waits. */
export function isUrgent(topic: string): boolean {
  return topic.endsWith("/alert") || topic.endsWith("/update");
}

/** Divides messages by what is urgent. */
export function splitHalves<T extends UplinkMessage>(messages: readonly T[]): Halves<T> {
  return {
    urgent: messages.filter(({ topic }) => isUrgent(topic)),
    others: messages.filter(({ topic }) => !isUrgent(topic)),
  };
}

/** Creates the way in; it never rejects. */
export function createHalfStore<T extends UplinkMessage>({
  failures,
  store,
  answers,
}: HalfStoreOptions<T>): (halves: Halves<T>) => Promise<HalvesStored<T>> {
  const storeIn = async (
    { urgent, others }: Halves<T>,
    attempt: (messages: readonly T[], lockMs?: number) => Promise<StoreFault | null>,
    isStuck: (message: T) => boolean,
  ): Promise<HalvesStored<T>["failed"]> => {
    const isStored = (messages: readonly T[]): boolean => !messages.every(isStuck);
    const together = failures.any ? undefined : await attempt([...urgent, ...others]);
    if (together === null) return null;
    const isKnown = together !== undefined && others.length === 0;
    const ofUrgent = isKnown ? together : await attempt(urgent);
    if (ofUrgent !== null) {
      failures.note("urgent", ofUrgent.error);
      return "both";
    }
    const ofOthers = together ?? (await attempt(others, failures.has("others") ? othersLockMs : undefined));
    const areOthersStored = ofOthers === null && isStored(others);
    const isFirst = !failures.has("others");
    if (ofOthers !== null) failures.note("others", ofOthers.error);
    if (areOthersStored) failures.clear("others");
    // Where nothing urgent waits, the others' success says that the storage is there.
    if (isStored(urgent) || areOthersStored) failures.clear("urgent");
    if (ofOthers === null) return null;
    if (isFirst) return "others";
    return urgent.length > 0 || (await answers()) ? "others alone" : "others";
  };
  return async (halves) => {
    const early = new Set<Uint8Array>();
    const stuck = new Map<T, unknown>();
    const attempt = async (messages: readonly T[], lockMs?: number): Promise<StoreFault | null> => {
      if (messages.length === 0) return null;
      try {
        const found = await storeTogether(messages, (some) => store(some, early, lockMs));
        for (const [message, error] of found) stuck.set(message, error);
        return null;
      } catch (error) {
        return { error };
      }
    };
    const failed = await storeIn(halves, attempt, (message) => stuck.has(message));
    return { failed, early, stuck };
  };
}

interface StoreFault {
  readonly error: unknown;
}
