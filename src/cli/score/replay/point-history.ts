/** What happened to one point of a replay: collected while it is told its past, and summed up as `--json` prints it. */
import type { WindowSpec } from "../../../core/contract/bundle/manifest.ts";
import type { LastingRise } from "../../../core/decision/lasting-rise.ts";
import { createLossCounter, type Losses } from "../files/file-report.ts";
import { formatInstant } from "../files/time-doubts.ts";
import { createAlarmList, type ReplayedAlarm } from "./alarm-list.ts";
import { createDeafSpans, type DeafSpan } from "./deaf-spans.ts";
import { createForeignWindows } from "./foreign-windows.ts";
import { createHeardRecordings, type UnheardCounts } from "./heard-recordings.ts";
import type { ReplaySink } from "./replay-point.ts";
import type { ReplayedStatus } from "./replayed-watch.ts";

/** News of the point's own reference. */
interface BaselineNews {
  readonly at: string;
  readonly kind: string;
  readonly detail: string;
}

/** One point in `aurora score --decide --json`. */
export interface PointReport {
  readonly point: string;
  /** Whose budget of false alarms it shares; null: nobody says which. */
  readonly turbine: string | null;
  /** When its own reference was there, since it was renewed last; null: not yet. */
  readonly learntAt: string | null;
  /** `none`: the bundle knows no references; `refused`: what was learnt so far looks faulty, and is none. */
  readonly state: "none" | "learning" | "refused" | "own-reference";
  /** Why it was refused; null unless it was. */
  readonly refusal: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly recordings: number;
  /** Of the shaft in the longest of them; null: there was none. */
  readonly mostRevolutions: number | null;
  /** Those that could not be read or repeat an earlier one, of which about half of the samples or more were set aside, or no window could be decided: how the machine was then is not known. */
  readonly unheardRecordings: number;
  /** Beginning of the first that repeats an earlier one sample by sample, as the unheard may; null: none does. */
  readonly repeatedSince: string | null;
  /** End of the last window that was decided; null: none was. */
  readonly heardUntil: string | null;
  /** Windows that were decided. */
  readonly windows: number;
  /** Windows that the reference rests on, or that were learnt from so far. */
  readonly learntWindows: number;
  /** Why it learns nothing at the end although it has no reference yet, without a full stop; null: it learns, or has one, or was refused. */
  readonly whyItLearnsNothing: string | null;
  /** A kind that rose above its own reference and stays at the end, without an alarm; null: none does. */
  readonly lastingRise: LastingRise | null;
  readonly suspicions: readonly string[];
  /** What is not known since many windows of its last day were at speeds that were not learnt; null: few were. */
  readonly beyond: string | null;
  /** Which levels were learnt later, since when; null: none. */
  readonly later: string | null;
  readonly reference: readonly BaselineNews[];
  readonly alarms: readonly ReplayedAlarm[];
  /** When its sensor heard far less than the machine's own healthy level. */
  readonly deaf: readonly DeafSpan[];
  /** Failure modes that were not raised, and look like electrical hum or lines of the shaft alone. */
  readonly foreignModes: readonly string[];
  readonly setAside: Losses &
    Pick<UnheardCounts, "lostShare"> & {
      readonly recordings: Readonly<Record<SetAsideRecording | "repeated" | "unread", number>> &
        Omit<UnheardCounts, "unheard" | "lostShare">;
    };
}

/** Why a recording was not played. */
type SetAsideRecording = "sameTime" | "overlapping";

/** What was read of a recording. */
interface RecordingLength {
  /** Of the shaft. */
  readonly revolutions: number;
  readonly samples: number;
  /** Is its turbine too slow to be one that operates? Absent: no. */
  readonly isStandby?: boolean;
}

export interface PointHistory {
  readonly sink: ReplaySink;
  noteRecording(startMs: number): void;
  /** Of the recording that was noted last: what was read of it. */
  noteEnd(endMs: number, length: RecordingLength): void;
  noteSetAside(why: SetAsideRecording): void;
  /** The shaft stands in a recording. */
  noteStandstill(startMs: number): void;
  /** A recording has the samples of an earlier one: how the machine was then is not known. */
  noteRepeated(startMs: number): void;
  /** Nothing of a recording could be read, in any order of time; NaN: when it began is not known either. */
  noteUnread(startMs: number): void;
  report(): PointReport;
}

/** Starts the history of a point that was never heard of. */
export function createPointHistory(
  name: string,
  turbine: string | null = null,
  window: WindowSpec | null = null,
): PointHistory {
  const { alarms, noteDecision, noteHeld, follow } = createAlarmList();
  const reference: BaselineNews[] = [];
  const losses = createLossCounter();
  const setAside = { sameTime: 0, overlapping: 0 };
  let status: ReplayedStatus | null = null;
  let learntMs: number | null = null;
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [heardMs, recordings, windows] = [Number.NaN, 0, 0];
  let mostRevolutions: number | null = null;
  let [repeatedMs, repeated, unread] = [Number.NaN, 0, 0];
  const heard = createHeardRecordings(window);
  const deafness = createDeafSpans();
  const foreign = createForeignWindows();

  const cover = (timeMs: number): void => {
    if (Number.isNaN(timeMs)) return;
    fromMs = Math.min(fromMs, timeMs);
    toMs = Math.max(toMs, timeMs);
  };

  const history: PointHistory = {
    sink: {
      onDecision: (decision, scored) => {
        noteDecision(decision);
        if (scored === null) return;
        windows++;
        heardMs = decision.toMs;
        heard.noteWindow(scored.window);
      },
      onAlerts: (events) => {
        for (const event of events) follow(event);
      },
      onLevel: (window) => {
        deafness.update(window);
        foreign.note(window, window.foreignModes ?? []);
      },
      onHeld: noteHeld,
      onBaseline: (atMs, now, event) => {
        status = now;
        if (event?.kind === "renewed") {
          learntMs = null;
          deafness.renew(atMs);
        }
        if (now.state === "ready") learntMs ??= atMs;
        if (event !== null)
          reference.push({ at: formatInstant(atMs), kind: event.kind, detail: event.detail });
      },
      setAside: (quarantine, lostWindows) => {
        losses.update(quarantine, lostWindows);
        heard.noteLoss(lostWindows === 0 ? quarantine.samples : 0);
      },
      onStandby: heard.noteStandby,
    },
    noteRecording: (startMs) => {
      recordings++;
      heard.begin(startMs);
      cover(startMs);
    },
    noteEnd: (endMs, { revolutions, samples, isStandby = false }) => {
      heard.end({ endMs, revolutions, samples, isStandby });
      if (revolutions > 0 && Number.isFinite(revolutions))
        mostRevolutions = Math.max(mostRevolutions ?? 0, revolutions);
      cover(endMs);
    },
    noteSetAside: (why) => {
      setAside[why]++;
    },
    noteStandstill: (startMs) => {
      history.noteRecording(startMs);
      history.noteEnd(startMs, { revolutions: 0, samples: 0, isStandby: true });
    },
    noteRepeated: (startMs) => {
      if (repeated === 0) repeatedMs = startMs;
      repeated++;
      recordings++;
      cover(startMs);
    },
    noteUnread: (startMs) => {
      unread++;
      recordings++;
      cover(startMs);
    },
    report: () => {
      const { unheard, lostShare, ...others } = heard.count();
      const deaf = deafness.spans;
      return {
        point: name,
        turbine,
        learntAt: learntMs === null ? null : formatInstant(learntMs),
        state: status === null ? "none" : status.state === "ready" ? "own-reference" : status.state,
        refusal: status?.refusal ?? null,
        from: fromMs > toMs ? null : formatInstant(fromMs),
        to: fromMs > toMs ? null : formatInstant(toMs),
        recordings,
        mostRevolutions,
        unheardRecordings: unheard + repeated + unread,
        repeatedSince: Number.isNaN(repeatedMs) ? null : formatInstant(repeatedMs),
        heardUntil: Number.isNaN(heardMs) ? null : formatInstant(heardMs),
        windows,
        learntWindows: status?.windows ?? 0,
        whyItLearnsNothing: status?.whyItLearnsNothing ?? null,
        lastingRise: status?.lastingRise ?? null,
        suspicions: status?.suspicions ?? [],
        beyond: status?.beyond ?? null,
        later: status?.later ?? null,
        reference,
        alarms: alarms.map((alarm) => ({
          ...alarm,
          whyItStands: describeDeaf(alarm, deaf.at(-1)) ?? alarm.whyItStands,
        })),
        deaf,
        foreignModes: foreign.modes.filter((mode) => !alarms.some(({ failureMode }) => failureMode === mode)),
        setAside: {
          ...losses.bound(heard.fitting, windows),
          lostShare,
          recordings: { ...setAside, repeated, unread, ...others },
        },
      };
    },
  };
  return history;
}

/** A sensor that hears nothing cannot show that a fault has gone. */
function describeDeaf({ clearedAt }: ReplayedAlarm, deaf: DeafSpan | undefined): string | null {
  if (clearedAt !== null || deaf === undefined || deaf.until !== null) return null;
  return `since ${deaf.since} its sensor has heard ${describeQuieter(deaf)}, and no alarm ends by what is not heard`;
}

/** `37 dB less than when the machine was healthy`. */
export function describeQuieter({ quieterDb }: DeafSpan): string {
  return `${Math.round(quieterDb)} dB less than when the machine was healthy`;
}
