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
  type LineOrder,
  maxAgainst,
  maxEvidenceLines,
  type PhysicalEvidence,
} from "../contract/physical-evidence.ts";
import type { ForeignLines } from "../contract/stream.ts";
import { computeMedian } from "../maths/robust.ts";
import { type FaultPicture, listObjections, type MeasuredLine } from "./evidence-objections.ts";
import { writeEvidence } from "./evidence-words.ts";
import {
  computeLineNoise,
  dbPerLog,
  type FaultLine,
  findNeededDb,
  listFaultLines,
  type SearchedSpectrum,
} from "./fault-lines.ts";

/** Whose evidence is asked for, and in which spectrum. */
export interface EvidenceSubject extends SearchedSpectrum {
  readonly failureMode: string;
}

/** One window, as far as evidence reads it. */
export interface EvidenceWindow {
  /** Raw, in the order of the spec. */
  readonly features: ArrayLike<number>;
  /** The same of the band above, where the sensor is fast enough to have one. */
  readonly upperFeatures?: ArrayLike<number> | undefined;
  /** Of its lines, and of those of the band above; absent: none, or not known. */
  readonly foreignLines?: ForeignLines | undefined;
  readonly upperForeignLines?: ForeignLines | undefined;
  /** Where the line of each feature stands, in orders, and of the band above; less than 0 or NaN: not known. Absent: of none. */
  readonly lineOrders?: ArrayLike<number> | undefined;
  readonly upperLineOrders?: ArrayLike<number> | undefined;
  readonly shaftRpm: number;
  /** NaN or absent: not known. */
  readonly powerKw?: number | undefined;
}

/** What is known beside the windows. */
export interface EvidenceContext {
  /** Beginning of the alarm, RFC 3339. */
  readonly since?: string | undefined;
  /** Another failure mode that the last windows look like; absent: none. */
  readonly leadingMode?: string | undefined;
  /** This machine's own median of each feature while it was healthy, of the lower band; null or absent: not known. */
  readonly healthyFeatures?: readonly (number | null)[] | null | undefined;
}

/**
 * The evidence in `windows` (their mean), in the band that shows more of it; null where the failure mode has no lines in this
 * bundle, or no window does.
 */
export function describeEvidence(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  { since, leadingMode, healthyFeatures }: EvidenceContext = {},
): PhysicalEvidence | null {
  const kind = faultKinds.find((each) => each === subject.failureMode);
  const seen =
    kind === undefined ? null : chooseBand(subject, windows, { kind, healthy: healthyFeatures ?? [] });
  if (kind === undefined || seen === null) return null;
  const { own, pictures, heard, band } = seen;
  const rpms = heard.map(({ shaftRpm }) => shaftRpm);
  const hertzPerOrder = meanOf(rpms) / 60;
  const lines = [...own.harmonics, ...own.sideBands]
    .slice(0, maxEvidenceLines)
    .map((measured) => describeLine(measured, hertzPerOrder));
  const rival = findRival(own, pictures);
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
      ...objectToLead(leadingMode),
      ...listObjections({ own, rival, pictures, lines, window: subject.window }),
    ].slice(0, maxAgainst),
  };
  return { ...drawn, sentence: writeEvidence(drawn, bearingFaults[kind].part) };
}

/** The lines are those of windows in which the fault led: what the machine looks like since stands beside them. */
function objectToLead(leadingMode: string | undefined): string[] {
  const kind = faultKinds.find((each) => each === leadingMode);
  return kind === undefined ? [] : [`the last windows look like a fault of the ${bearingFaults[kind].part}`];
}

/** The fault that is looked for, and this machine's own median of each feature while it was healthy; empty: not known. */
interface SoughtFault {
  readonly kind: FaultKind;
  readonly healthy: readonly (number | null)[];
}

/** What one band shows of a fault. */
interface BandView {
  readonly heard: readonly EvidenceWindow[];
  readonly own: FaultPicture;
  readonly pictures: readonly FaultPicture[];
}

/** The band in which the fault's harmonics stand out most; `band` is null where there is but one. */
function chooseBand(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  sought: SoughtFault,
): (BandView & { readonly band: "lower" | "upper" | null }) | null {
  const uppers = windows.flatMap((window) =>
    window.upperFeatures === undefined
      ? []
      : [
          {
            ...window,
            features: window.upperFeatures,
            foreignLines: window.upperForeignLines,
            lineOrders: window.upperLineOrders,
          },
        ],
  );
  const lower = viewBand(subject, windows, sought);
  // What was learnt of the lower band says nothing of the upper one.
  const upper = viewBand(subject, uppers, { ...sought, healthy: [] });
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
  const heard = windows.filter(
    ({ features, shaftRpm }) => features.length === subject.features.list.length && shaftRpm > 0,
  );
  if (heard.length === 0) return null;
  const pictures = drawPictures(subject, heard, healthy);
  const own = pictures.find((picture) => picture.kind === kind);
  return own === undefined || own.harmonics.length === 0 ? null : { heard, own, pictures };
}

/** The kinds of faults of which the bundle looks for harmonics. */
function drawPictures(
  subject: EvidenceSubject,
  windows: readonly EvidenceWindow[],
  healthy: SoughtFault["healthy"],
): FaultPicture[] {
  const measured = listFaultLines(subject).flatMap((line) => {
    const value = healthy[line.column];
    const healthyDb = typeof value === "number" && Number.isFinite(value) ? value * dbPerLog : null;
    return measureLine({ line, healthyDb }, subject, windows);
  });
  return faultKinds.map((kind) => {
    const ofKind = measured.filter(({ line }) => line.of === (bearingFaults[kind].order satisfies LineOrder));
    const harmonics = ofKind.filter(({ line }) => line.kind === "harmonic");
    const sideBands = ofKind.filter(({ line }) => line.kind === "side-band");
    return { kind, harmonics, sideBands, excessDb: meanOf(harmonics.map(({ db, noiseDb }) => db - noiseDb)) };
  });
}

/** Nothing where no window says anything of it. */
function measureLine(
  { line, healthyDb }: Pick<MeasuredLine, "line" | "healthyDb">,
  { window }: EvidenceSubject,
  windows: readonly EvidenceWindow[],
): readonly MeasuredLine[] {
  const values = windows.map(({ features }) => features[line.column]! * dbPerLog).filter(Number.isFinite);
  if (values.length === 0) return [];
  const noise = computeLineNoise(line, window);
  const db = meanOf(values);
  const isFound = !line.isShaded && db >= findNeededDb(noise, values.length, healthyDb);
  const isMostly = (of: keyof ForeignLines): boolean => {
    const some = windows.filter(({ foreignLines }) => foreignLines?.[of].includes(line.column) === true);
    return some.length > windows.length / 2;
  };
  const [isHum, isShaft] = [isMostly("hum"), isMostly("shaft")];
  const measuredOrder = isFound ? measureOrder(line, windows) : null;
  return [{ line, db, noiseDb: noise.db, healthyDb, isFound, isHum, isShaft, measuredOrder }];
}

/** Where it stands in the middle one of the windows that say it; null where fewer than half do. */
function measureOrder({ column }: FaultLine, windows: readonly EvidenceWindow[]): number | null {
  const told = windows.map(({ lineOrders }) => lineOrders?.[column] ?? Number.NaN);
  const places = told.filter((place) => place > 0);
  return places.length < windows.length / 2 ? null : computeMedian(places);
}

function describeLine(
  { line, db, noiseDb, healthyDb, isFound, measuredOrder }: MeasuredLine,
  hertzPerOrder: number,
): EvidenceLine {
  const { name, kind, harmonic, spacing, order } = line;
  return {
    name,
    kind,
    harmonic,
    ...(spacing === null ? {} : { spacing }),
    order,
    hertz: order * hertzPerOrder,
    ...(measuredOrder === null ? {} : { measuredOrder, measuredHertz: measuredOrder * hertzPerOrder }),
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

/** NaN of nothing. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
