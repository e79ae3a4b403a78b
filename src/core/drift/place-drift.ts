/**
 * Which of sensor, turbine, site and fleet moved: counts who else moved, where, in which direction and since when. Only points
 * of one kind of model are compared column by column.
 */

import type { DriftCause, DriftVerdict } from "../contract/drift-verdict.ts";
import type { PointId } from "../contract/stream.ts";
import { isAssessed, isMoved } from "./drift-level.ts";
import { groupBy } from "./group-by.ts";
import { type PointPattern, type PointSignature, readSignature } from "./point-signature.ts";
import { computeDirection, movedAlike, type ShiftDirection } from "./shift-likeness.ts";

/** An alarm of a point that stands, or stood in the period. */
export interface DriftAlarm extends PointId {
  readonly failureMode: string;
  /** Epoch ms. */
  readonly sinceMs: number;
}

/** What is known of the fleet besides the period's verdicts. */
export interface DriftFleet {
  /** All points, those without a verdict too. */
  readonly points: readonly PointId[];
  readonly alarms?: readonly DriftAlarm[];
  /** First day of each model by digest, epoch ms. */
  readonly modelsSince?: Readonly<Record<string, number>>;
}

/** A point's verdict with what was read of it alone. */
export interface ReadVerdict {
  readonly verdict: DriftVerdict;
  /** Warning or drift. */
  readonly hasMoved: boolean;
  readonly signature: PointSignature;
  readonly direction: ShiftDirection;
}

/** Points of one kind of model at one place: how many were assessed, and which of them moved together. */
export interface PointGroup {
  readonly assessed: readonly ReadVerdict[];
  readonly alike: readonly ReadVerdict[];
}

/** Where a drift was placed, and what was counted for it. */
export interface Placement {
  readonly kind: DriftCause["kind"];
  /** Of its kind of model at its site, on its turbine, and those of all models on its turbine that moved with it. */
  readonly site: PointGroup;
  readonly turbine: PointGroup;
  readonly company: readonly ReadVerdict[];
  /** Sites where most points moved as these did, its own among them. */
  readonly sites: readonly string[];
  /** All points that run its model moved since that was installed, and others did not. */
  readonly isModel: boolean;
}

/** Days that what has one cause may begin apart. */
const onsetDays = 3;
/** Share of the points that must have moved, and share up to which the others may have. */
const most = 0.5;
const nearlyAll = 0.8;
const hardlyAny = 0.2;
/** A model's own drift rests on so many points at least. */
const modelPoints = 3;

/**
 * Patterns that a sensor, and those that a machine, gives one point alone. A machine that is louder at all frequencies is heard
 * at its other points too, if it has any: see {@link placeAlone}.
 */
const alone: Readonly<Record<PointPattern, DriftCause["kind"]>> = {
  gain: "sensor",
  noise: "sensor",
  loud: "turbine",
  broken: "sensor",
  lone: "sensor",
  fault: "turbine",
  sound: "turbine",
  several: "turbine",
  unclear: "unknown",
};

export function readVerdicts(verdicts: readonly DriftVerdict[]): readonly ReadVerdict[] {
  return verdicts.map((verdict) => ({
    verdict,
    hasMoved: isMoved(verdict.level),
    signature: readSignature(verdict),
    direction: computeDirection(verdict),
  }));
}

/** A period's verdicts by where they are looked for: a fleet is read in time that grows with those that moved. */
export interface FleetView {
  readonly bySite: ReadonlyMap<string, readonly ReadVerdict[]>;
  /** Those that were assessed, by model and by model and site. */
  readonly byModel: ReadonlyMap<string, readonly ReadVerdict[]>;
  readonly sitesOfModel: ReadonlyMap<string, ReadonlyMap<string, readonly ReadVerdict[]>>;
}

export function viewFleet(all: readonly ReadVerdict[]): FleetView {
  const byModel = groupBy(
    all.filter(({ verdict }) => isAssessed(verdict.level)),
    ({ verdict }) => verdict.modelName,
  );
  const siteOf = ({ verdict }: ReadVerdict): string => verdict.site;
  return {
    bySite: groupBy(all, siteOf),
    byModel,
    sitesOfModel: new Map([...byModel].map(([model, points]) => [model, groupBy(points, siteOf)])),
  };
}

/** Places one verdict that moved among those of its period. */
export function placeDrift(own: ReadVerdict, view: FleetView, fleet: DriftFleet): Placement {
  const { verdict, signature } = own;
  const here = view.bySite.get(verdict.site) ?? [];
  const peers = view.byModel.get(verdict.modelName) ?? [];
  const peersBySite = view.sitesOfModel.get(verdict.modelName) ?? new Map<string, readonly ReadVerdict[]>();
  const site = groupOf(own, peersBySite.get(verdict.site) ?? []);
  const turbine = groupOf(
    own,
    site.assessed.filter((other) => other.verdict.turbine === verdict.turbine),
  );
  const sites = findSites(own, peersBySite);
  const company = [
    ...turbine.alike.filter((other) => other !== own),
    ...here.filter((other) => isCompany(other, own)),
  ];
  const isModel = movedWithModel(own, peers, fleet);
  const isOfSite = sites.includes(verdict.site);
  const isOfFleet = isModel || (isOfSite && sites.length > 1);
  const kind = isOfFleet
    ? "fleet"
    : isOfSite
      ? "site"
      : company.length > 0
        ? "turbine"
        : placeAlone(signature, turbine);
  return { kind, site, turbine, company, sites, isModel };
}

function placeAlone({ pattern }: PointSignature, turbine: PointGroup): DriftCause["kind"] {
  return pattern === "loud" && turbine.assessed.length > 1 ? "sensor" : alone[pattern];
}

/** Who of `assessed` moved as `own` did, `own` among them where anybody else did. */
function groupOf(own: ReadVerdict, assessed: readonly ReadVerdict[]): PointGroup {
  const alike = findAlike(own, assessed);
  return { assessed, alike: alike.length === 0 ? [] : [own, ...alike] };
}

/** The others that moved in the direction of `own` at about the same time. */
function findAlike(own: ReadVerdict, points: readonly ReadVerdict[]): readonly ReadVerdict[] {
  return points.filter(
    (other) =>
      other !== own &&
      other.hasMoved &&
      haveOneOnset(other, own) &&
      movedAlike(other.direction, own.direction),
  );
}

/** On the same turbine, of another kind of model, moved at about the same time. */
function isCompany(other: ReadVerdict, own: ReadVerdict): boolean {
  const { site, turbine, modelName } = other.verdict;
  return (
    other.hasMoved &&
    site === own.verdict.site &&
    turbine === own.verdict.turbine &&
    modelName !== own.verdict.modelName &&
    haveOneOnset(other, own)
  );
}

/** Sites where most points, of two turbines at least, moved as `own` did; none where its own is not among them. */
function findSites(own: ReadVerdict, bySite: ReadonlyMap<string, readonly ReadVerdict[]>): readonly string[] {
  const isOf = (points: readonly ReadVerdict[]): boolean => {
    if (points.filter(({ hasMoved }) => hasMoved).length <= most * points.length) return false;
    const alike = findAlike(own, points);
    const moved = points.includes(own) ? [own, ...alike] : alike;
    const turbines = countTurbines(points);
    return moved.length > most * points.length && countTurbines(moved) > most * turbines && turbines > 1;
  };
  if (!isOf(bySite.get(own.verdict.site) ?? [])) return [];
  return [...bySite].flatMap(([site, points]) => (isOf(points) ? [site] : []));
}

function movedWithModel(own: ReadVerdict, peers: readonly ReadVerdict[], fleet: DriftFleet): boolean {
  const { modelDigest } = own.verdict;
  const moved = ({ direction, hasMoved }: ReadVerdict): boolean =>
    hasMoved && movedAlike(direction, own.direction);
  const same = peers.filter(({ verdict }) => verdict.modelDigest === modelDigest);
  const others = peers.filter(({ verdict }) => verdict.modelDigest !== modelDigest);
  if (same.length < modelPoints || countTurbines(same) < 2) return false;
  const began = beganWithModel(own, fleet);
  if (began === false || (began === null && others.length < modelPoints)) return false;
  if (same.filter(moved).length < nearlyAll * same.length) return false;
  return others.length < modelPoints || others.filter(moved).length <= hardlyAny * others.length;
}

/** Its model's first day was about when it began to be off; null: that day is not known. */
export function beganWithModel(own: ReadVerdict, { modelsSince = {} }: DriftFleet): boolean | null {
  const { modelDigest, fromMs, toMs } = own.verdict;
  const sinceMs = modelsSince[modelDigest];
  if (sinceMs === undefined) return null;
  return Math.abs(onsetOf(own) - sinceMs) <= onsetDays * (toMs - fromMs);
}

function countTurbines(points: readonly ReadVerdict[]): number {
  return new Set(points.map(({ verdict: { site, turbine } }) => `${site}/${turbine}`)).size;
}

/** Since when a point has been off: the surest shift says so, epoch ms. */
export function onsetOf({ verdict, signature }: ReadVerdict): number {
  return (signature.shifts[0] ?? verdict.shifts[0])?.sinceMs ?? verdict.fromMs;
}

function haveOneOnset(a: ReadVerdict, b: ReadVerdict): boolean {
  return Math.abs(onsetOf(a) - onsetOf(b)) <= onsetDays * (a.verdict.toMs - a.verdict.fromMs);
}
