/**
 * Notices another gateway that says it is this one, as after a card was copied: both log in under one id, and the broker
 * ends the one's connection for the other's, for ever; where their keys differ, it keeps both, and each overwrites the other's
 * status. Says so, and goes on; which of them is the right one, people know.
 */
import { cloneAdvice, cloneSigns } from "../core/contract/clone-words.ts";
import { fieldsOf } from "../core/contract/fields.ts";
import type { Clock } from "../core/platform/clock.ts";
import { parseJsonBytes } from "../core/platform/files/parse-json.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { ConnectionLoss } from "../core/platform/mqtt/broker-connection.ts";

interface CloneWatchOptions {
  readonly gateway: string;
  /** Random, of this process. */
  readonly instance: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  readonly onEvent: (name: string, subject: string, detail: string) => void;
}

export interface CloneWatch {
  /** A connection was lost: MQTT 5 can say that another took it over (reason 0x8E, section 3.14.2.1). */
  lost(loss: Pick<ConnectionLoss, "reason">): void;
  /** A message of this gateway's own status topic, which the other one writes, too. */
  heardStatus(payload: Uint8Array): void;
  /** Has another one been noticed lately? */
  isCloned(): boolean;
}

/** So often within this time; once is a network that was slow to forget a connection, or the process before this one. */
const minSigns = 3;
const latelyMs = 600_000;
const sayAgainMs = 3_600_000;
const maxStatusBytes = 262_144;

/** Creates a watch that has noticed nothing. */
export function createCloneWatch(options: CloneWatchOptions): CloneWatch {
  const { gateway, instance, clock, logger, onEvent } = options;
  /** Times of the newest signs, the oldest first. */
  let signs: readonly number[] = [];
  let saidMs = Number.NEGATIVE_INFINITY;

  const isCloned = (): boolean =>
    signs.length === minSigns && signs.every((timeMs) => clock.monotonicMs() - timeMs < latelyMs);
  const note = (): void => {
    const nowMs = clock.monotonicMs();
    signs = [...signs, nowMs].slice(-minSigns);
    if (!isCloned() || nowMs - saidMs < sayAgainMs) return;
    saidMs = nowMs;
    const detail = `another gateway logs in under this one's id, and ${cloneSigns}`;
    logger.error(detail, { gateway, hint: `${cloneAdvice}.` });
    onEvent("gateway.cloned", gateway, detail);
  };

  return {
    lost: ({ reason }) => {
      if (reason === "taken-over") note();
    },
    heardStatus: (payload) => {
      const said = payload.length > maxStatusBytes ? undefined : parseJsonBytes(payload);
      const { instance: other } = fieldsOf(said);
      if (typeof other === "string" && other !== instance) note();
    },
    isCloned,
  };
}
