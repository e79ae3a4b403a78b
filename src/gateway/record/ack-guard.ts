/**
 * Says which acknowledgements may empty the outbox: those of this life of it, sealed where the gateway has a key, that say
 * no less than one before. Bounds how often one may make the outbox begin a new life. Counts the rest, changes nothing.
 */
import type { Lane } from "../../core/contract/topics.ts";
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { decodeUplinkAck } from "../../core/wire/uplink-ack.ts";
import { eachLane } from "./lane-policy.ts";

export interface AckGuardOptions {
  /** Whether the collector of this gateway's enrolment said it; absent: the broker's access list is trusted. */
  readonly isAuthentic?: ((ack: UplinkAck) => boolean) | undefined;
  readonly logger?: Logger;
}

export interface AckCounts {
  readonly acksReceived: number;
  /** Could not be read, belong to another life of the outbox, or say less than one before. */
  readonly acksIgnored: number;
  /** Bear no code of the enrolment's key, or a wrong one: somebody else writes to the topic, or the keys differ. */
  readonly acksRefused: number;
}

export interface AckGuard {
  /** The acknowledgement in `payload`, or null for one that is passed over. */
  admit(
    payload: Uint8Array,
    now: { readonly bootId: string | null; readonly nowMs: number },
  ): UplinkAck | null;
  /** The outbox has another life: what was given out and heard in the one before means nothing. */
  forget(): void;
  /** The outbox gave out records up to this sequence. */
  gaveOut(lane: Lane, sequence: number): void;
  /** The outbox began a new life at `nowMs` (monotonic) because of an acknowledgement. */
  renewed(nowMs: number): void;
  counts(): AckCounts;
}

/** A backup is restored seldom: an acknowledgement of what was never given out is passed over for so long after another. */
const renewEveryMs = 3_600_000;

/** Creates a guard that has heard nothing. */
export function createAckGuard(options: AckGuardOptions): AckGuard {
  const logger = options.logger ?? silentLogger;
  const counts = { acksReceived: 0, acksIgnored: 0, acksRefused: 0 };
  let newest = eachLane(() => 0);
  let given = eachLane(() => 0);
  let renewableFromMs = Number.NEGATIVE_INFINITY;

  const ignore = (reason: string): null => {
    counts.acksIgnored += 1;
    logger.debug("an acknowledgement was passed over", { reason });
    return null;
  };
  const refuse = ({ lane, mac }: UplinkAck): null => {
    counts.acksRefused += 1;
    const reason = mac === undefined ? "it bears no code" : "its code is of another key";
    const fields = {
      reason,
      lane,
      hint: "Who else may write to this gateway's topic? Compare the keys of both ends.",
    };
    if (counts.acksRefused === 1)
      logger.error("an acknowledgement was refused: not the collector of this enrolment", fields);
    else logger.debug("an acknowledgement was refused", fields);
    return null;
  };

  return {
    admit(payload, { bootId, nowMs }) {
      const read = decodeUplinkAck(payload);
      if (!read.ok) return ignore(read.error);
      const ack = read.value;
      if (options.isAuthentic?.(ack) === false) return refuse(ack);
      if (ack.bootId !== bootId) return ignore("another boot id");
      if (ack.sequence < newest[ack.lane]) return ignore("an older one");
      if (ack.sequence > given[ack.lane] && nowMs < renewableFromMs) return ignore("never given out");
      // One that nothing was given out for is no measure of those to come.
      if (ack.sequence <= given[ack.lane]) newest[ack.lane] = ack.sequence;
      counts.acksReceived += 1;
      return ack;
    },
    forget() {
      newest = eachLane(() => 0);
      given = eachLane(() => 0);
    },
    gaveOut(lane, sequence) {
      given[lane] = Math.max(given[lane], sequence);
    },
    renewed(nowMs) {
      renewableFromMs = nowMs + renewEveryMs;
    },
    counts: () => ({ ...counts }),
  };
}

/** The counts of several guards together. */
export function sumAcks(all: readonly AckCounts[]): AckCounts {
  const sum = (name: keyof AckCounts): number => all.reduce((total, counts) => total + counts[name], 0);
  return {
    acksReceived: sum("acksReceived"),
    acksIgnored: sum("acksIgnored"),
    acksRefused: sum("acksRefused"),
  };
}
