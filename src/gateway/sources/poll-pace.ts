/** Whether the polls of a field bus take longer than they are apart, which is a fault of all turbines behind its server. Asks for nothing itself. */
import { formatDuration } from "../../core/maths/durations.ts";
import type { FaultNotes, FaultSubject } from "./fault-notes.ts";

interface PollPaceParts {
  readonly faults: FaultNotes;
  /** What is polled, and how often it should be: `2 units`, `pollSeconds`. */
  readonly what: string;
  readonly key: string;
  readonly seconds: number;
  readonly cure: string;
}

const subject: FaultSubject = { code: "slow-poll", turbine: null, subject: "poll" };
/** So many in a row; two may have met what fell silent. */
const slowPolls = 3;

/** Creates what is told how long each poll took, ms. */
export function createPollPace({
  faults,
  what,
  key,
  seconds,
  cure,
}: PollPaceParts): (tookMs: number) => void {
  let slow = 0;
  return (tookMs) => {
    slow = tookMs > seconds * 1000 ? slow + 1 : 0;
    if (slow === 0) faults.clear(subject);
    if (slow < slowPolls) return;
    const detail = `a poll of ${what} takes ${formatDuration(tookMs)}, longer than ${key} (${seconds})`;
    faults.note(subject, { detail, cure });
  };
}
