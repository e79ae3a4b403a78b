/** What is wrong with a source, told once by name when it begins and once when it is over: a register that is refused is refused at every poll. */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { redactText } from "../../core/platform/redact.ts";

/** A server writes some of it. */
const maxFaultLength = 400;

export interface FaultNotes {
  /** `subject` is at fault; says so unless it was before. */
  note(subject: string, detail: string): void;
  /** `subject` is well; says so if it was not. */
  clear(subject: string): void;
  list(): readonly string[];
}

/** Creates an empty list. Subjects come from the configuration, so there are but so many. */
export function createFaultNotes(logger: Logger, source: string): FaultNotes {
  const faults = new Map<string, string>();
  return {
    note: (subject, detail) => {
      if (!faults.has(subject))
        logger.warn("a SCADA source gives no good value", { source, subject, detail });
      faults.set(subject, detail);
    },
    clear: (subject) => {
      if (faults.delete(subject)) logger.info("a SCADA source is well again", { source, subject });
    },
    list: () => [...faults].map(([subject, detail]) => `${subject}: ${detail}`),
  };
}

/** What keeps a source from connecting, with what to do about it where that is known; no secret stands in it. */
export function describeFault(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = hasErrorCode(error) ? `. ${error.hint}` : "";
  return redactText(message + hint).slice(0, maxFaultLength);
}
