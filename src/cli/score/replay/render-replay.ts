/** A replay in words: a timeline a point, the budget that applied, and what was set aside. */
import type { GatewayConfig } from "../../../core/contract/config/gateway-config.ts";
import { toWords } from "../../../core/contract/to-words.ts";
import { vibrationLevelMode } from "../../../core/decision/choose-alarm.ts";
import { describeRise } from "../../../core/decision/lasting-rise.ts";
import { countOf } from "../../terminal/count-of.ts";
import type { ReplayedAlarm } from "./alarm-list.ts";
import type { DeafSpan } from "./deaf-spans.ts";
import { describeQuieter, type PointReport } from "./point-history.ts";
import type { ReplayedTurbine } from "./replayed-turbines.ts";

/** The budget of false alarms, as `--json` prints it. */
export type ReplayBudget = Pick<GatewayConfig["alarms"], "falsePerTurbineYear"> & {
  /** Points that were played. */
  readonly points: number;
  /** Each has such a budget. */
  readonly turbines: readonly ReplayedTurbine[];
};

/** The whole text for stdout. */
export function renderReplay(points: readonly PointReport[], budget: ReplayBudget, unread: number): string {
  const lines = [...points.flatMap(renderPoint), renderBudget(budget), renderSetAside(points, unread)];
  return `${lines.join("\n")}\n`;
}

function renderPoint(report: PointReport): string[] {
  const { point, recordings, windows, from, to } = report;
  const span = from === null || to === null ? "" : `, ${from} to ${to}`;
  const head = `${point}: ${countOf(recordings, "recording")}${span}, ${countOf(windows, "window")}`;
  return [
    head,
    ...listMoments(report).map(({ at, text }) => `  ${at}  ${text}`),
    `  ${describeEnd(report)}`,
    "",
  ];
}

interface Moment {
  readonly at: string;
  readonly text: string;
}

/** What happened, in order of time. */
function listMoments({ from, state, reference, alarms, deaf }: PointReport): Moment[] {
  const start = from === null || state === "none" ? [] : [{ at: from, text: "learning" }];
  const news = reference.map(({ at, kind, detail }) => ({
    at,
    text: `${newsWords[kind] ?? kind}: ${detail}`,
  }));
  const moments = [...start, ...news, ...alarms.flatMap(listAlarmMoments), ...listDeafMoments(deaf)];
  // Texts of ISO 8601 in one zone sort as their times do; with and without milliseconds they do not.
  return moments.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

const newsWords: Readonly<Record<string, string>> = {
  provisional: "own reference, provisional",
  ready: "own reference",
  refused: "not learnt from",
  unsteady: "too unsteady to learn from, learning on",
  relearning: "learning again",
  standstill: "not learnt from",
  "renewal-refused": "not renewed",
};

/** Of a machine that stands every night the first times are told one by one. */
const toldDeafSpans = 2;

function listDeafMoments(deaf: readonly DeafSpan[]): Moment[] {
  const told = deaf.slice(0, toldDeafSpans).flatMap((span) => {
    const text = `its sensor hears ${describeQuieter(span)}: does the machine stand, or is the sensor loose? Check how it is mounted; once it was mounted anew: aurora baseline renew`;
    const begun = { at: span.since, text };
    if (span.until === null) return [begun];
    const end = span.isRenewed ? "what it heard before is no measure any more" : "its sensor hears it again";
    return [begun, { at: span.until, text: end }];
  });
  const others = deaf.slice(toldDeafSpans);
  const [next] = others;
  if (next === undefined) return told;
  const text = `again its sensor hears ${describeQuieter(next)}, ${countOf(others.length, "time")} to the end`;
  return [...told, { at: next.since, text }];
}

/** An alarm that has grown by less is as loud as it was said to be when it was raised. */
const toldGrowthDb = 1;

function listAlarmMoments(alarm: ReplayedAlarm): Moment[] {
  const { failureMode, raisedAt, clearedAt, clearedReason, criticalAt } = alarm;
  const { leadingMode, leadingModeAt } = alarm;
  const { severityDb, severityDbAt } = alarm.worst;
  const isLouder = (severityDb ?? 0) - (alarm.severityDb ?? 0) >= toldGrowthDb;
  const name = nameFault(failureMode);
  const isBornCritical = criticalAt === raisedAt;
  return [
    {
      at: raisedAt,
      text: `raised ${name}${isBornCritical ? ", critical" : ""}${describeRaise(alarm)}`,
    },
    ...(criticalAt === null || isBornCritical
      ? []
      : [{ at: criticalAt, text: `${name} is critical${describeEvidence(alarm)}` }]),
    ...(isLouder && severityDbAt !== null
      ? [{ at: severityDbAt, text: `${name} at its loudest, ${severityDb!.toFixed(1)} dB` }]
      : []),
    ...(leadingMode === null || leadingModeAt === null
      ? []
      : [{ at: leadingModeAt, text: `${name} looks like ${nameFault(leadingMode)} by now` }]),
    ...(clearedAt === null ? [] : [{ at: clearedAt, text: `cleared ${name}: ${clearedReason}` }]),
  ];
}

function describeRaise({ lane, since, reason }: ReplayedAlarm): string {
  return `${lane === null ? "" : ` by the ${lane} lane`}, since ${since}: ${reason}`;
}

/** A fault has grown since it was raised, and shows more of itself. */
function describeEvidence({ criticalEvidence }: ReplayedAlarm): string {
  return criticalEvidence === null ? "" : `: ${criticalEvidence.sentence.replace(/\.$/, "")}`;
}

/** A level that rises is a fault of no known kind. */
function nameFault(failureMode: string): string {
  const words = toWords(failureMode);
  return failureMode === vibrationLevelMode ? words : `${words} fault`;
}

function describeEnd(report: PointReport): string {
  const { windows, state, refusal, learntWindows, whyItLearnsNothing, alarms, suspicions, beyond, later } =
    report;
  const rise = report.lastingRise === null ? null : describeRise(report.lastingRise);
  if (windows === 0 && alarms.length === 0) return "no window could be decided";
  const open = alarms.filter(({ clearedAt }) => clearedAt === null);
  const standing = open.map(({ failureMode, worst, whyItStands: why }) => {
    return `${nameFault(failureMode)} (${worst.severity}) stands${why === null ? "" : `: ${why}`}`;
  });
  const alarm =
    alarms.length === 0
      ? `no alarm would have been raised${describeUnheard(report)}`
      : standing.length === 0
        ? "no alarm stands"
        : `at the end ${standing.join("; ")}`;
  const doubts = suspicions.map((each) => `; doubtful reference: ${each}`).join("");
  if (refusal !== null) return `${alarm}; it has no reference of its own, since it looks faulty: ${refusal}`;
  const parts =
    state === "learning"
      ? [`${alarm}; still learning, of ${countOf(learntWindows, "window")} so far`, whyItLearnsNothing]
      : [`${alarm}${doubts}`, rise, later, beyond];
  return parts.filter((part) => part !== null).join("; ");
}

/** What was not heard is not healthy. */
function describeUnheard({ unheardRecordings, recordings, deaf, foreignModes }: PointReport): string {
  const last = deaf.at(-1);
  const parts = [
    ...(unheardRecordings === 0
      ? []
      : [`how it was in ${unheardRecordings} of ${countOf(recordings, "recording")} is not known`]),
    ...(last?.until === null ? [`since ${last.since} its sensor has heard ${describeQuieter(last)}`] : []),
    ...(last !== undefined && last.until !== null
      ? [
          `its sensor heard ${describeQuieter(last)}${deaf.length > 1 ? ", last" : ""} from ${last.since} to ${last.until}`,
        ]
      : []),
  ];
  if (foreignModes.length > 0) {
    const faults = foreignModes.map((mode) => nameFault(mode).replace(/ fault$/, "")).join(" and ");
    parts.push(
      `it looks like ${faults} by lines alone that may be the shaft's, electrical hum or another machine's, which a gateway waits with: check the speed, record for longer or at another speed`,
    );
  }
  return parts.length === 0 ? "" : `, but ${parts.join(", and ")}`;
}

/** Of a large farm the first few are enough. */
const toldTurbines = 12;

function renderBudget({ falsePerTurbineYear, turbines }: ReplayBudget): string {
  const shares = turbines.slice(0, toldTurbines).map(({ turbine, points }) => {
    const count = countOf(points, "point");
    return turbine === null ? `${count} taken for one turbine's` : `${count} of ${turbine}`;
  });
  const others = turbines.length - shares.length;
  const more = others > 0 ? [`those of ${countOf(others, "other turbine")}`] : [];
  // A point alone of which nobody says a turbine has it all.
  const isAlone = turbines.every(({ turbine, points }) => turbine === null && points === 1);
  const shared = isAlone ? "" : `, shared by ${[...shares, ...more].join("; ")}`;
  return `budget: ${falsePerTurbineYear} false alarms a turbine and year${shared}`;
}

function renderSetAside(points: readonly PointReport[], unread: number): string {
  const sum = (pick: (point: PointReport) => number): number =>
    points.reduce((total, point) => total + pick(point), 0);
  const samples = new Map<string, number>();
  for (const { setAside } of points) {
    for (const [reason, lost] of Object.entries(setAside.samples)) {
      samples.set(reason, (samples.get(reason) ?? 0) + lost);
    }
  }
  const parts = [
    [sum(({ setAside }) => setAside.recordings.sameTime), "recording", "at a time that was there already"],
    [
      sum(({ setAside }) => setAside.recordings.overlapping),
      "recording",
      "that began before the one before had ended",
    ],
    [
      sum(({ setAside }) => setAside.recordings.repeated),
      "recording",
      "with the very samples of an earlier one",
    ],
    [sum(({ setAside }) => setAside.recordings.tooShort), "recording", "too short to be heard"],
    [sum(({ setAside }) => setAside.recordings.standby), "recording", "of a turbine that stands by"],
    [sum(({ setAside }) => setAside.windows), "window", "lost to bad data"],
    ...[...samples].map(([reason, lost]) => [lost, "sample", `(${reason})`] as const),
    [unread, "file", "that could not be read"],
  ] as const;
  const said = parts.filter(([lost]) => lost > 0).map(([lost, what, why]) => `${countOf(lost, what)} ${why}`);
  return `set aside: ${said.join(", ") || "nothing"}`;
}
