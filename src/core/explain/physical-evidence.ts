/**
 * The physical evidence of a bearing fault: which of its lines stand out in the recent windows, how far, and what speaks
 * against it. Reads the windows' features (`fault-lines.ts`), never a model: an explanation says what the student made of
 * them, this what a person with a spectrum would. Says nothing of a failure mode that makes no lines of its own.
 */
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import {
  type EvidenceLine,
  type EvidenceRange,
  type LineCount,
  maxAgainst,
  maxEvidenceLines,
  type PhysicalEvidence,
} from "../contract/physical-evidence.ts";
import type { StatedShafts } from "../contract/stated-shafts.ts";
import { listObjections } from "./evidence-objections.ts";
import { type EvidenceWindow, listUpperWindows } from "./evidence-window.ts";
import { formatRange, formatSince, joinWords, writeEvidence } from "./evidence-words.ts";
import type { SearchedSpectrum } from "./fault-lines.ts";
import {
  drawPictures,
  type FaultPicture,
  findShaftHertz,
  type MeasuredLine,
  takeMiddle,
} from "./fault-picture.ts";
import { listMaskedKinds } from "./masked-kinds.ts";
import { countQuietWindows } from "./quiet-windows.ts";

/** Whose evidence is asked for, and in which spectrum. */
export interface EvidenceSubject extends SearchedSpectrum, StatedShafts {
  readonly failureMode: string;
}

/** What is known beside the windows. */
interface EvidenceContext {
  /** Beginning of the alarm, RFC 3339. */
  readonly since?: string | undefined;
  /** Another failure mode that the last windows look like; absent: none. */
  readonly leadingMode?: string | undefined;
  /** This machine's own median of each feature while it was healthy, of the lower band; null or absent: not known. */
  readonly healthyFeatures?: readonly (number | null)[] | null | undefined;
  /** Speeds at which this machine was learnt; empty or absent: not known. */
  readonly learntRpm?: readonly EvidenceRange[] | undefined;
  /** An older alarm of the same failure mode, or of one that these lines do not tell from it, of another bearing of this machine that is like this one; absent: none. */
  readonly likeAlarm?: LikeAlarm | undefined;
}

/** Where it is, what it is of, and its beginning, RFC 3339. */
export interface LikeAlarm {
  readonly component: string;
  readonly failureMode: string;
  readonly since: string;
}

/** A speed that lies outside those that were learnt by more than this share is another one. */
const otherSpeed = 0.003;

/**
 * The evidence in those of `windows` (oldest first) that speak for it, their mean, in the band that shows more of it; null where
 * the failure mode has no lines in this bundle, or no window does. What the others show since then may speak against it.
 */
export function describeEvidence(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  { since, leadingMode, healthyFeatures, learntRpm = [], likeAlarm }: EvidenceContext = {},
): PhysicalEvidence | null {
  const kind = faultKinds.find((each) => each === subject.failureMode);
  const seen =
    kind === undefined ? null : chooseBand(subject, windows, { kind, healthy: healthyFeatures ?? [] });
  if (kind === undefined || seen === null) return null;
  const { own, pictures, heard, recent, band } = seen;
  const rpms = heard.map(({ shaftRpm }) => shaftRpm);
  const shaftHertz = findShaftHertz(heard);
  const lines = [...own.harmonics, ...own.sideBands]
    .slice(0, maxEvidenceLines)
    .map((measured) => describeLine(measured, shaftHertz));
  const rival = findRival(own, pictures);
  const { polePairs, gearedShafts } = subject;
  const revolutions = countRevolutions(subject, heard);
  const loads = heard.map(({ powerKw }) => powerKw ?? Number.NaN).filter(Number.isFinite);
  const drawn = {
    windows: heard.length,
    ...(band === null ? {} : { band }),
    ...(since === undefined ? {} : { since }),
    speedRpm: rangeOf(rpms),
    ...(loads.length === 0 ? {} : { loadKw: rangeOf(loads) }),
    lines,
    harmonics: countFound(lines, "harmonic"),
    sideBands: countFound(lines, "side-band"),
    rival: rival === null ? null : { failureMode: rival.kind, marginDb: own.excessDb - rival.excessDb },
    against: [
      ...objectToBrevity(subject, kind, revolutions),
      ...objectToLike(likeAlarm, kind),
      ...objectToSpeed(rpms, learntRpm),
      ...objectToPresent(leadingMode, own, countQuietWindows({ own, window: subject.window }, recent)),
      ...listObjections({ own, rival, pictures, lines, revolutions, polePairs, gearedShafts }),
    ].slice(0, maxAgainst),
  };
  const shaded = own.harmonics.filter(({ standsOut, isShaded }) => standsOut && isShaded);
  const sentence = writeEvidence(drawn, {
    part: bearingFaults[kind].part,
    shaded: shaded.map(({ line }) => line.name),
  });
  return { ...drawn, sentence };
}

/** Of the middle one of the windows; NaN where it is not known. */
function countRevolutions({ window }: EvidenceSubject, windows: readonly EvidenceWindow[]): number {
  const known = windows.flatMap(({ revolutions = Number.NaN }) =>
    Number.isNaN(revolutions) ? [] : revolutions,
  );
  if (known.length > 0) return takeMiddle(known);
  return window.unit === "revolutions" ? window.length : Number.NaN;
}

/** Where no line is left to tell a kind by, the model's is a guess. */
function objectToBrevity(subject: EvidenceSubject, kind: FaultKind, revolutions: number): string[] {
  if (!listMaskedKinds(subject, revolutions).includes(kind)) return [];
  const { part } = bearingFaults[kind];
  return [
    `the machine has changed, but which kind of fault it is cannot be told in snapshots as short as these (about ${Math.max(1, Math.round(revolutions))} revolutions): all lines of the ${part} lie beside the shaft's`,
  ];
}

/** A sensor hears the bearings beside its own: of two that are alike on one shaft one fault raises two alarms. */
function objectToLike(like: LikeAlarm | undefined, kind: FaultKind): string[] {
  if (like === undefined) return [];
  const { failureMode } = like;
  const which = failureMode === kind ? "this alarm" : `an alarm of ${failureMode}, which looks alike there,`;
  return [
    `${like.component}, whose bearing is the same, has had ${which} since ${formatSince(like.since)}: if both sit on one shaft, one fault may be heard at both, and it is where its lines stand higher`,
  ];
}

/** At other speeds other lines of the machine and of what stands beside it fall onto those of the fault. */
function objectToSpeed(rpms: readonly number[], learnt: readonly EvidenceRange[]): string[] {
  const others = rpms.filter((rpm) =>
    learnt.every(({ min, max }) => rpm < min * (1 - otherSpeed) || rpm > max * (1 + otherSpeed)),
  );
  if (learnt.length === 0 || others.length <= rpms.length / 2) return [];
  const mostly = others.length < rpms.length ? "mostly " : "";
  const isBelow = others.every((rpm) => learnt.every(({ min }) => rpm < min));
  const isAbove = others.every((rpm) => learnt.every(({ max }) => rpm > max));
  const side = isBelow ? "below" : isAbove ? "above" : "outside";
  return [
    `it was ${mostly}heard at ${formatRange(rangeOf(others))} rpm, ${side} the ${joinWords(learnt.map(formatRange))} rpm that its reference was learnt at`,
  ];
}

/** The lines are those of windows in which the fault led: what the machine looks like since, and `quiet` windows, stand beside them. */
function objectToPresent(leadingMode: string | undefined, own: FaultPicture, quiet: number): string[] {
  const kind = faultKinds.find((each) => each === leadingMode);
  const looks =
    kind === undefined ? "" : `the last windows look like a fault of the ${bearingFaults[kind].part}`;
  const found = own.harmonics.filter(({ isFound }) => isFound).length;
  const gone = found === 1 ? "do not show this line" : "show none of these lines";
  if (quiet === 0) return looks === "" ? [] : [looks];
  return [looks === "" ? `the last ${quiet} windows ${gone}` : `${looks}, and the last ${quiet} ${gone}`];
}

/** The fault that is looked for, and this machine's own median of each feature while it was healthy; empty: not known. */
interface SoughtFault {
  readonly kind: FaultKind;
  readonly healthy: readonly (number | null)[];
}

/** What one band shows of a fault. */
interface BandView {
  /** The windows that speak for it, and these with the others. */
  readonly heard: readonly EvidenceWindow[];
  readonly recent: readonly EvidenceWindow[];
  readonly own: FaultPicture;
  readonly pictures: readonly FaultPicture[];
}

/** The band in which the fault's harmonics stand out most; `band` is null where there is but one. */
function chooseBand(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  sought: SoughtFault,
): (BandView & { readonly band: "lower" | "upper" | null }) | null {
  const lower = viewBand(subject, windows, sought);
  // What was learnt of the lower band says nothing of the upper one.
  const upper = viewBand(subject, listUpperWindows(windows), { ...sought, healthy: [] });
  if (upper === null) return lower === null ? null : { ...lower, band: null };
  return lower === null || upper.own.excessDb > lower.own.excessDb
    ? { ...upper, band: "upper" }
    : { ...lower, band: "lower" };
}

function viewBand(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  { kind, healthy }: SoughtFault,
): BandView | null {
  const recent = windows.filter(
    ({ features, shaftRpm }) => features.length === subject.features.list.length && shaftRpm > 0,
  );
  const heard = recent.filter(({ speaks }) => speaks !== false);
  if (heard.length === 0) return null;
  const pictures = drawPictures(subject, heard, healthy);
  const own = pictures.find((picture) => picture.kind === kind);
  return own === undefined || own.harmonics.length === 0 ? null : { heard, recent, own, pictures };
}

function describeLine(
  { line, db, noiseDb, healthyDb, isFound, measuredOrder, measuredHertz }: MeasuredLine,
  shaftHertz: number,
): EvidenceLine {
  const { name, kind, harmonic, spacing, order } = line;
  return {
    name,
    kind,
    harmonic,
    ...(spacing === null ? {} : { spacing }),
    order,
    hertz: order * shaftHertz,
    ...(measuredOrder === null || measuredHertz === null || !isFound ? {} : { measuredOrder, measuredHertz }),
    dbAboveNeighbours: db,
    noiseDb,
    dbAboveHealthy: healthyDb === null ? null : db - healthyDb,
    isFound,
  };
}

function findRival(own: FaultPicture, pictures: readonly FaultPicture[]): FaultPicture | null {
  return pictures
    .filter(({ kind, excessDb }) => kind !== own.kind && !Number.isNaN(excessDb))
    .reduce<FaultPicture | null>(
      (best, each) => (best === null || each.excessDb > best.excessDb ? each : best),
      null,
    );
}

function countFound(lines: readonly EvidenceLine[], kind: EvidenceLine["kind"]): LineCount {
  const ofKind = lines.filter((line) => line.kind === kind);
  return { found: ofKind.filter(({ isFound }) => isFound).length, of: ofKind.length };
}

function rangeOf(values: readonly number[]): EvidenceRange {
  return { min: Math.min(...values), max: Math.max(...values) };
}
