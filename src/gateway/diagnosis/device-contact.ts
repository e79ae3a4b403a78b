/**
 * How the link with one device stands, and since when. A connection that is made again is no other trouble than the one
 * before: a refusal stands until the device is welcome, or nothing was heard of it for long. Reads no clock.
 */
import { minuteMs } from "../../core/maths/durations.ts";
import type { DeviceFacts } from "./device-facts.ts";

type Contact = DeviceFacts["contact"];

export interface DeviceContact {
  /** The link's state changes. */
  become(state: Contact["state"], why: Pick<Contact, "reason" | "hint">, monotonicMs: number): void;
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

/** A device that says nothing is dropped within 12.5 s. */
const heardMs = 15_000;

/** Devices try up to 30 s apart to reach a broker that is back, and have more to do then. */
const returnMs = minuteMs;

/** Creates the contact with a device whose link is closed. */
export function createDeviceContact(startMonotonicMs: number): DeviceContact {
  return new LinkHistory(startMonotonicMs);
}

class LinkHistory implements DeviceContact {
  #state: Contact["state"] = "closed";
  #why: Pick<Contact, "reason" | "hint"> = { reason: "", hint: "" };
  #sinceMs: number;
  /** Out of contact since its broker is back. */
  #isReturning = false;
  #advice = "";
  /** Since when the device has been asked to take its configuration: monotonic, or "taken"; null: not yet. */
  #asked: number | "taken" | null = null;
  #objection = "";
  #refusedFor: string | null = null;
  #refusedMs = Number.NaN;
  /** When the other side ended the connection, of the last minute. */
  #ends: readonly number[] = noTimes;
  #endedBy = "";
  #silences = 0;

  constructor(startMonotonicMs: number) {
    this.#sinceMs = startMonotonicMs;
  }

  isAwaited(monotonicMs: number): boolean {
    return this.#isReturning && monotonicMs - this.#sinceMs < returnMs;
  }

  become(next: Contact["state"], why: Pick<Contact, "reason" | "hint">, monotonicMs: number): void {
    const state = this.#state;
    const { reason } = why;
    if (next === "connecting" && state !== "connecting" && isByPeer(reason)) {
      this.#ends = [...this.#ends.filter((endMs) => monotonicMs - endMs < minuteMs), monotonicMs];
      this.#endedBy = reason;
    }
    if (state === "established" && next === "connecting")
      this.#silences = isForSilence(reason) && this.#asked === "taken" ? this.#silences + 1 : 0;
    // A line that opens and says nothing is made again before it is called silent: both are the same lack of contact.
    const isSame = next === state || (isOutOfContact(next) && isOutOfContact(state));
    if (!isSame) {
      this.#sinceMs = monotonicMs;
      this.#isReturning = state === "no-broker" && isOutOfContact(next);
    }
    if (state === "refused") this.#refusedMs = monotonicMs;
    if (next === "refused") this.#refusedFor = reason;
    else if (next === "established") this.#refusedFor = null;
    const asked = this.#asked;
    // Who never acknowledges a configuration is asked who it is, and to take it, every few seconds.
    if (next === "established" && typeof asked !== "number") this.#asked = monotonicMs;
    else if (next !== "established" && (next !== "waiting-for-hello" || asked === "taken"))
      this.#asked = null;
    this.#state = next;
    this.#why = why;
  }

  advise(hint: string): void {
    this.#advice = hint;
  }

  configured(): void {
    this.#asked = "taken";
    this.#objection = "";
  }

  object(reason: string): void {
    this.#objection = reason;
  }

  read(monotonicMs: number): Contact {
    if (this.#state !== "refused" && monotonicMs - this.#refusedMs > refusalHoldMs) this.#refusedFor = null;
    if (this.#state === "established" && monotonicMs - this.#sinceMs >= heardMs) this.#silences = 0;
    const refusedFor = this.#refusedFor;
    const asked = this.#asked;
    return {
      state: this.isAwaited(monotonicMs) ? "no-broker" : this.#state,
      ...this.#why,
      forMs: monotonicMs - this.#sinceMs,
      unconfiguredMs: asked === "taken" ? 0 : asked === null ? Number.NaN : monotonicMs - asked,
      objection: this.#objection,
      refusal: refusedFor === null ? null : { reason: refusedFor, hint: this.#advice },
      endsInMinute: this.#ends.filter((endMs) => monotonicMs - endMs < minuteMs).length,
      endedBy: this.#endedBy,
      silences: this.#silences,
    };
  }
}

const noTimes: readonly number[] = [];

/** As a transport says it of a connection that was open, and that this gateway did not end. */
function isByPeer(reason: string): boolean {
  return /the other side closed|ECONNRESET|EPIPE/.test(reason);
}

/** As a session says it of a connection that it ended itself. */
function isForSilence(reason: string): boolean {
  return reason.startsWith("nothing was heard");
}

function isOutOfContact(state: Contact["state"]): boolean {
  return state === "connecting" || state === "waiting-for-hello";
}
