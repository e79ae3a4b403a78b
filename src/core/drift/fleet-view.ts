/**
 * A period's verdicts by where they are looked for: by turbine, by site and by version of a model, with the way that most points of a
 * site or of a version moved. Made once a period, in time that grows with the points.
 */
import type { PointId } from "../contract/stream.ts";
import { groupBy } from "../maths/group-by.ts";
import type { Steps } from "../maths/steps.ts";
import { isAssessed } from "./drift-level.ts";
import { findMovement, type Movement } from "./find-movement.ts";
import { countTurbines, findCompanions, type ReadVerdict } from "./read-verdicts.ts";
import { compareWith } from "./shift-likeness.ts";

/** An alarm of a point that stands, or stood in the period. */
interface DriftAlarm extends PointId {
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
  /** When people are told, epoch ms: long after the period where its reports waited for a link. Default: at its end. */
  readonly toldMs?: number;
}

/** Points of one kind of model at one site that were assessed. */
interface SiteView {
  readonly assessed: readonly ReadVerdict[];
  readonly turbines: number;
  /** Null: most of them did not move alike. */
  readonly movement: Movement | null;
  /** Sites where most points moved as here, this one among them; none without a movement. */
  readonly sites: readonly string[];
}

/** What nearly all points of one version of a model did, and hardly any of another. */
interface VersionMovement {
  readonly movement: Movement;
  /** Were there enough points of other versions to say that they did not? */
  readonly isCompared: boolean;
}

export interface FleetView {
  readonly fleet: DriftFleet;
  /** Of its site and kind of model. */
  siteOf(own: ReadVerdict): SiteView;
  /** All on its turbine, assessed or not. */
  turbineOf(own: ReadVerdict): readonly ReadVerdict[];
  /** Null: nearly all points of its version of a model did not move alike, or those of others did so, too. */
  versionOf(own: ReadVerdict): VersionMovement | null;
  /** How many points are known at a site. */
  countKnown(site: string): number;
  /** Is there a point anywhere else? */
  hasOtherSites(site: string): boolean;
  alarmsOf(own: ReadVerdict): readonly DriftAlarm[];
}

/** Share of the points that must have moved, and share up to which the others may have. */
const most = 0.5;
const nearlyAll = 0.8;
const hardlyAny = 0.2;
/** A model's own drift rests on so many points at least. */
const modelPoints = 3;

const emptySite: SiteView = { assessed: [], turbines: 0, movement: null, sites: [] };

/** Looks at all of them together. */
export function* viewFleet(all: readonly ReadVerdict[], fleet: DriftFleet): Steps<FleetView> {
  const turbines = groupBy(all, ({ verdict }) => nameTurbine(verdict));
  const alarms = groupBy(fleet.alarms ?? [], nameTurbine);
  const known = groupBy(fleet.points, ({ site }) => site);
  const sites = new Map<string, ReadonlyMap<string, SiteView>>();
  const versions = new Map<string, VersionMovement | null>();
  for (const [model, points] of groupBy(
    all.filter(({ verdict }) => isAssessed(verdict.level)),
    ({ verdict }) => verdict.modelName,
  )) {
    sites.set(model, yield* viewSites(points));
    for (const [digest, same] of groupBy(points, ({ verdict }) => verdict.modelDigest)) {
      versions.set(digest, yield* findVersionMovement(same, points));
    }
  }
  return {
    fleet,
    siteOf: ({ verdict: { modelName, site } }) => sites.get(modelName)?.get(site) ?? emptySite,
    turbineOf: ({ verdict }) => turbines.get(nameTurbine(verdict)) ?? [],
    versionOf: ({ verdict }) => versions.get(verdict.modelDigest) ?? null,
    countKnown: (site) => known.get(site)?.length ?? 0,
    hasOtherSites: (site) => known.size > (known.has(site) ? 1 : 0),
    alarmsOf: ({ verdict }) => alarms.get(nameTurbine(verdict)) ?? [],
  };
}

/** @param points of one kind of model */
function* viewSites(points: readonly ReadVerdict[]): Steps<ReadonlyMap<string, SiteView>> {
  const views = new Map<string, SiteView>();
  for (const [site, assessed] of groupBy(points, ({ verdict }) => verdict.site)) {
    const view = { ...emptySite, assessed, turbines: countTurbines(assessed) };
    views.set(site, { ...view, movement: yield* findSiteMovement(view) });
  }
  for (const [site, view] of views) {
    const { movement } = view;
    if (movement === null) continue;
    const alike: string[] = [];
    for (const [name, other] of views) {
      yield;
      if (name === site || findFollowers(other, movement.leader) !== null) alike.push(name);
    }
    views.set(site, { ...view, sites: alike });
  }
  return views;
}

function* findSiteMovement(site: SiteView): Steps<Movement | null> {
  const [first] = site.assessed;
  if (first === undefined || !couldMove(site)) return null;
  return yield* findMovement(site.assessed, first.reachMs, (leader) => findFollowers(site, leader));
}

function couldMove({ assessed }: SiteView): boolean {
  return assessed.filter(({ hasMoved }) => hasMoved).length > most * assessed.length;
}

/** Most points of a site, of two turbines at least, that moved as a leader of this or another site did; null where they are not most. */
function findFollowers(site: SiteView, leader: ReadVerdict): readonly ReadVerdict[] | null {
  const { assessed, turbines } = site;
  if (turbines < 2 || !couldMove(site)) return null;
  const companions = findCompanions(leader, assessed);
  const moved = assessed.includes(leader) ? [leader, ...companions] : companions;
  return moved.length > most * assessed.length && countTurbines(moved) > most * turbines ? moved : null;
}

/** @param same points of one version @param all of its kind of model, other versions too */
function* findVersionMovement(
  same: readonly ReadVerdict[],
  all: readonly ReadVerdict[],
): Steps<VersionMovement | null> {
  if (same.length < modelPoints || countTurbines(same) < 2) return null;
  if (same.filter(({ hasMoved }) => hasMoved).length < nearlyAll * same.length) return null;
  const others = all.length - same.length;
  const isCompared = others >= modelPoints;
  // Versions are installed turbine by turbine: when each began says nothing here.
  const movement = yield* findMovement(same, Number.POSITIVE_INFINITY, (leader) => {
    const isAlike = compareWith(leader.direction);
    const moved = ({ hasMoved, direction }: ReadVerdict): boolean => hasMoved && isAlike(direction);
    const members = same.filter(moved);
    if (members.length < nearlyAll * same.length) return null;
    const strangers = isCompared ? all.filter(moved).length - members.length : 0;
    return strangers <= hardlyAny * others ? members : null;
  });
  return movement === null ? null : { movement, isCompared };
}

function nameTurbine({ site, turbine }: Pick<PointId, "site" | "turbine">): string {
  return JSON.stringify([site, turbine]);
}
