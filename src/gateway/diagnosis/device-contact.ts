/**
 * How the link with one device stands, and since when. A connection that is made again is no other trouble than the one
 * before: a refusal stands until the device is welcome, or nothing was heard of it for long. Reads no clock.
 */
import type { DeviceFacts } from "./device-facts.ts";

type Contact = DeviceFacts["contact"];

export interface DeviceContact {
  /** The link's state changes. */
  become(state: Contact["state"], reason: string, monotonicMs: number): void;
  /** What the link advises about the last problem that it told. */
  advise(hint: string): void;
  /** Call it about once a second. */
  read(monotonicMs: number): Contact;
}

/** Connections are made again up to 30 s apart, and a refused device has 15 s to say who it is. */
const refusalHoldMs = 45_000;

/** Creates the contact with a device whose link is closed. */
export function createDeviceContact(startMonotonicMs: number): DeviceContact {
  let state: Contact["state"] = "closed";
  let reason = "";
  let sinceMs = startMonotonicMs;
  let hint = "";
  let refusedFor: string | null = null;
  let refusedMs = Number.NaN;
  return {
    become: (next, why, monotonicMs) => {
      // A line that opens and says nothing is made again before it is called silent: both are the same lack of contact.
      const isSame = next === state || (isOutOfContact(next) && isOutOfContact(state));
      if (!isSame) sinceMs = monotonicMs;
      if (state === "refused") refusedMs = monotonicMs;
      if (next === "refused") refusedFor = why;
      else if (!isOutOfContact(next)) refusedFor = null;
      state = next;
      reason = why;
    },
    advise: (advice) => {
      hint = advice;
    },
    read: (monotonicMs) => {
      if (state !== "refused" && monotonicMs - refusedMs > refusalHoldMs) refusedFor = null;
      const refusal = refusedFor === null ? null : { reason: refusedFor, hint };
      return { state, reason, forMs: monotonicMs - sinceMs, refusal };
    },
  };
}

function isOutOfContact(state: Contact["state"]): boolean {
  return state === "connecting" || state === "waiting-for-hello";
}
