/** What is wrong with a source, logged once by name when it begins and once when it is over: a register that is refused is refused at every poll. */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { SourceFault } from "../../core/contract/source-diagnosis.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { redactText } from "../../core/platform/redact.ts";

/** A server writes some of it. */
const maxFaultLength = 400;

/** What may be at fault. */
export type FaultSubject = Pick<SourceFault, "code" | "turbine" | "subject">;

/** The way to the server. */
export const connectionSubject: FaultSubject = {
  code: "no-connection",
  turbine: null,
  subject: "connection",
};

/** The values of a channel. */
export function channelSubject(turbine: string, channel: string): FaultSubject {
  return { code: "no-value", turbine, subject: `${channel} of ${turbine}` };
}

export interface FaultNotes {
  /** `subject` is at fault; says so unless it was before. */
  note(subject: FaultSubject, fault: Pick<SourceFault, "detail" | "cure">): void;
  /** `subject` is well; says so if it was not. */
  clear(subject: FaultSubject): void;
  /** All that hold now. */
  list(): readonly SourceFault[];
}

/** Creates an empty list. Subjects come from the configuration, so there are but so many. */
export function createFaultNotes(logger: Logger, source: string): FaultNotes {
  const faults = new Map<string, SourceFault>();
  const keyOf = ({ turbine, subject }: FaultSubject): string => `${turbine ?? ""}/${subject}`;
  return {
    note: (of, { detail, cure }) => {
      const key = keyOf(of);
      const { subject } = of;
      if (!faults.has(key))
        logger.warn("something is wrong with a SCADA source", { source, subject, detail, hint: cure });
      faults.set(key, { ...of, detail, cure });
    },
    clear: (of) => {
      if (!faults.delete(keyOf(of))) return;
      logger.info("a SCADA source is well again", { source, subject: of.subject });
    },
    list: () => [...faults.values()],
  };
}

/** What keeps a source from connecting, and what to do about it; no secret stands in it. */
export function describeFault(error: unknown, cure: string): Pick<SourceFault, "detail" | "cure"> {
  const message = error instanceof Error ? error.message : String(error);
  const clean = (text: string): string => redactText(text).slice(0, maxFaultLength);
  return { detail: clean(message), cure: hasErrorCode(error) ? clean(error.hint) : cure };
}
