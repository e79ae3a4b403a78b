/**
 * How the link with one device stands, and since when. A connection that is made again is no other trouble than the one
 * before: a refusal stands until the device is welcome, or nothing was heard of it for long. Reads no clock.
 */
import { minuteMs } from "../../core/maths/durations.ts";
import type { DeviceFacts } from "./device-facts.ts";

type Contact = DeviceFacts["contact"];

export interface DeviceContact {
  /** The link's state changes. */
  become(state: Contact["state"], reason: string, monotonicMs: number): void;
  /** What the link advises about the last problem that it told. */
  advise(hint: string): void;
  /** The device took its configuration. */
  configured(): void;
  /** The device refuses its configuration. */
  object(reason: string): void;
  /** Is its broker back, and the device not yet, which has its time to come? */
  isAwaited(monotonicMs: number): boolean;
  /** Call it about once a second. */
  read(monotonicMs: number): Contact;
}

/** Connections are made again up to 30 s apart, and a refused device has 15 s to say who it is. */
const refusalHoldMs = 45_000;

/** Devices try up to 30 s apart to reach a broker that is back, and have more to do then. */
const returnMs = minuteMs;

/** Creates the contact with a device whose link is closed. */
export function createDeviceContact(startMonotonicMs: number): DeviceContact {
  let state: Contact["state"] = "closed";
  let reason = "";
  let sinceMs = startMonotonicMs;
  /** Out of contact since its broker is back. */
  let isReturning = false;
  let hint = "";
  /** Since when the device has been asked to take its configuration: monotonic, or "taken"; null: not yet. */
  let asked: number | "taken" | null = null;
  let objection = "";
  let refusedFor: string | null = null;
  let refusedMs = Number.NaN;
  /** When the other side ended the connection, of the last minute. */
  let ends: readonly number[] = [];
  let endedBy = "";
  const isAwaited = (monotonicMs: number): boolean => isReturning && monotonicMs - sinceMs < returnMs;
  return {
    isAwaited,
    become: (next, why, monotonicMs) => {
      if (next === "connecting" && state !== "connecting" && isByPeer(why)) {
        ends = [...ends.filter((endMs) => monotonicMs - endMs < minuteMs), monotonicMs];
        endedBy = why;
      }
      // A line that opens and says nothing is made again before it is called silent: both are the same lack of contact.
      const isSame = next === state || (isOutOfContact(next) && isOutOfContact(state));
      if (!isSame) {
        sinceMs = monotonicMs;
        isReturning = state === "no-broker" && isOutOfContact(next);
      }
      if (state === "refused") refusedMs = monotonicMs;
      if (next === "refused") refusedFor = why;
      else if (next === "established") refusedFor = null;
      // Who never acknowledges a configuration is asked who it is, and to take it, every few seconds.
      if (next === "established" && typeof asked !== "number") asked = monotonicMs;
      else if (next !== "established" && (next !== "waiting-for-hello" || asked === "taken")) asked = null;
      state = next;
      reason = why;
    },
    advise: (advice) => {
      hint = advice;
    },
    configured: () => {
      asked = "taken";
      objection = "";
    },
    object: (why) => {
      objection = why;
    },
    read: (monotonicMs) => {
      if (state !== "refused" && monotonicMs - refusedMs > refusalHoldMs) refusedFor = null;
      const refusal = refusedFor === null ? null : { reason: refusedFor, hint };
      const unconfiguredMs = asked === "taken" ? 0 : asked === null ? Number.NaN : monotonicMs - asked;
      const endsInMinute = ends.filter((endMs) => monotonicMs - endMs < minuteMs).length;
      const forMs = monotonicMs - sinceMs;
      return {
        state: isAwaited(monotonicMs) ? "no-broker" : state,
        reason,
        forMs,
        unconfiguredMs,
        objection,
        refusal,
        endsInMinute,
        endedBy,
      };
    },
  };
}

/** As a transport says it of a connection that was open, and that this gateway did not end. */
function isByPeer(reason: string): boolean {
  return /the other side closed|ECONNRESET|EPIPE/.test(reason);
}

function isOutOfContact(state: Contact["state"]): boolean {
  return state === "connecting" || state === "waiting-for-hello";
}
