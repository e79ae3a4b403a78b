/**
 * The last value of each channel of a source, as it was read, and whether the model's contract refuses what comes of it: a value of
 * another unit, scale or word order is read without a fault. Holds no value against a contract itself.
 */
import type { Quarantine, QuarantineReason, Reading } from "../../core/contract/stream.ts";

/** What a channel of a turbine last said. */
export interface HeardChannel {
  readonly turbine: string;
  readonly channel: string;
  readonly value: number;
  readonly unit: string;
  /** Since it came. */
  readonly ageMs: number;
}

/** Whether one value of a channel after another is refused. */
interface JudgedChannel {
  readonly turbine: string;
  readonly channel: string;
  /** Why the last one was; null: not so. */
  readonly refusal: string | null;
}

export interface HeardChannels {
  /** A reading goes on to whoever holds it against a contract. */
  hear(reading: Reading): void;
  /** Its contract refuses it. */
  refuse(quarantine: Quarantine): void;
  list(nowMonotonicMs: number): readonly HeardChannel[];
  /** All of them: one is refused that has nothing but refusals, for the timeout and of {@link manyRefused} values at least. */
  judge(): readonly JudgedChannel[];
}

interface Heard {
  last: Reading;
  /** Why the last one was refused; null: it was not. */
  refusal: string | null;
  /** Why the one before it was. */
  refusalBefore: string | null;
  /** Refused in a row, and when the first of them came, monotonic. */
  refusals: number;
  sinceMs: number;
}

const manyRefused = 3;

/** What speaks of the mapping or of a clock … */
const blamed: ReadonlySet<QuarantineReason> = new Set(["range", "unit", "not-finite", "time-jump"]);
/** … and what is refused unread, sent again or late: it speaks neither for them nor against. What is stuck was in range. */
const unread: ReadonlySet<QuarantineReason> = new Set(["time-backwards", "rate"]);

/** Creates them, before the first value. @param timeoutMs refusals for less are nobody's habit */
export function createHeardChannels(timeoutMs: number): HeardChannels {
  const channels = new Map<string, Heard>();
  const keyOf = ({ deviceId, channel }: Pick<Reading, "deviceId" | "channel">): string =>
    `${deviceId}/${channel}`;
  return {
    hear: (last) => {
      const heard = channels.get(keyOf(last));
      if (heard === undefined) {
        channels.set(keyOf(last), { last, refusal: null, refusalBefore: null, refusals: 0, sinceMs: 0 });
        return;
      }
      if (heard.refusal === null) heard.refusals = 0;
      Object.assign(heard, { last, refusal: null, refusalBefore: heard.refusal });
    },
    refuse: (quarantine) => {
      const heard = channels.get(keyOf(quarantine));
      if (heard === undefined) return;
      if (unread.has(quarantine.reason)) heard.refusal = heard.refusalBefore;
      if (!blamed.has(quarantine.reason)) return;
      heard.refusal = quarantine.detail;
      if (++heard.refusals === 1) heard.sinceMs = heard.last.arrivedMonotonicMs;
    },
    list: (nowMonotonicMs) =>
      [...channels.values()].map(({ last: { deviceId, channel, value, unit, arrivedMonotonicMs } }) => {
        const ageMs = Math.max(0, Math.round(nowMonotonicMs - arrivedMonotonicMs));
        return { turbine: deviceId, channel, value, unit, ageMs };
      }),
    judge: () =>
      [...channels.values()].map(({ last, refusal, refusals, sinceMs }) => {
        const isHabit = refusals >= manyRefused && last.arrivedMonotonicMs - sinceMs >= timeoutMs;
        return { turbine: last.deviceId, channel: last.channel, refusal: isHabit ? refusal : null };
      }),
  };
}
