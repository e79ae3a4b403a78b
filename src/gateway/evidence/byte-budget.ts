/**
 * Bytes that evidence may take of the line in a day, kept over restarts. Bytes are set aside on the disk before they are
 * spent, a share at a time: a kill makes the day's rest smaller, never larger.
 */
import { z } from "zod";
import { onDemand } from "../../core/contract/on-demand.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

export interface ByteBudget {
  /** Spends so many bytes; false: there are not so many left today. */
  spend(bytes: number): boolean;
  /** Bytes were spent by somebody else, repetitions for example. */
  charge(bytes: number): void;
  /** Bytes that are left now. */
  readonly left: number;
  /** When a day's bytes may be spent again, epoch ms. */
  readonly renewsMs: number;
}

interface ByteBudgetOptions {
  readonly dailyBytes: number;
  readonly state: Pick<StateStore, "get" | "set">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}

const key = "evidence/budget";
const shares = 32;
const keptSchema = onDemand(() => z.object({ sinceMs: z.number(), reserved: z.number().min(0) }));

/** Opens it as the last run left it; all that was set aside then counts as spent. */
export function openByteBudget(options: ByteBudgetOptions): ByteBudget {
  const { dailyBytes, state, clock, logger } = options;
  const kept = readKept(state, { key, schema: keptSchema(), logger });
  let sinceMs = kept?.sinceMs ?? clock.nowMs();
  let reserved = kept?.reserved ?? 0;
  let spent = reserved;

  const renew = (): void => {
    const nowMs = clock.nowMs();
    // A clock that was set back would else hold up the next day for as long.
    if (nowMs >= sinceMs && nowMs - sinceMs < dayMs) return;
    sinceMs = nowMs;
    reserved = 0;
    spent = 0;
  };
  const reserve = (): void => {
    if (spent <= reserved) return;
    reserved = Math.ceil(spent / dailyBytes / (1 / shares)) * (dailyBytes / shares);
    state.set(key, JSON.stringify({ sinceMs, reserved }));
  };

  return {
    spend: (bytes) => {
      renew();
      if (spent + bytes > dailyBytes) return false;
      spent += bytes;
      reserve();
      return true;
    },
    charge: (bytes) => {
      renew();
      spent += bytes;
      reserve();
    },
    get left() {
      renew();
      return Math.max(0, dailyBytes - spent);
    },
    get renewsMs() {
      renew();
      return sinceMs + dayMs;
    },
  };
}
