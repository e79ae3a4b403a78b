/**
 * Which of sensor, turbine, site and fleet moved: counts who else moved, where, in which direction and since when. Only points
 * of one kind of model are compared column by column.
 */
import type { DriftCause } from "../contract/drift-verdict.ts";
import { isAssessed } from "./drift-level.ts";
import type { DriftFleet, FleetView } from "./fleet-view.ts";
import { type JointStory, joinStories } from "./join-stories.ts";
import type { PointPattern, PointSignature } from "./point-signature.ts";
import { findCompanions, haveOneOnset, type ReadVerdict } from "./read-verdicts.ts";

/** Where a drift was placed, and what was counted for it. */
export interface Placement {
  readonly kind: DriftCause["kind"];
  /** Of its kind of model at its site: how many were assessed, and how many moved as it did. */
  readonly site: SiteCount;
  /** How many of its kind of model were assessed on its turbine. */
  readonly onTurbine: number;
  /** Those of all models on its turbine that moved with it. */
  readonly company: readonly ReadVerdict[];
  /** Sites where most points moved as these did, its own among them. */
  readonly sites: readonly string[];
  /** All points that run its model moved since that was installed, and others did not. */
  readonly isModel: boolean;
  /** What is told of it and of those that one cause moved with it. */
  readonly story: JointStory;
}

interface SiteCount {
  readonly assessed: number;
  /** Itself among them; 0 where nobody else did. */
  readonly alike: number;
  /** Is there another turbine among those that were assessed, and among those that moved alike? */
  readonly hasOthers: boolean;
  readonly hasOthersAlike: boolean;
}

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

/** Places one verdict that moved among those of its period. */
export function placeDrift(own: ReadVerdict, view: FleetView): Placement {
  const here = view.turbineOf(own);
  const peers = here.filter(({ verdict }) => verdict.modelName === own.verdict.modelName);
  const onTurbine = peers.filter(({ verdict }) => isAssessed(verdict.level)).length;
  const company = [
    ...findCompanions(own, peers),
    ...here.filter((other) => !peers.includes(other) && other.hasMoved && haveOneOnset(other, own)),
  ];
  const isModel = movedWithVersion(own, view);
  const { movement, sites } = view.siteOf(own);
  const ofSite = movement?.members.has(own) === true ? movement : null;
  const isOfFleet = isModel || (ofSite !== null && sites.length > 1);
  const kind = isOfFleet
    ? "fleet"
    : ofSite !== null
      ? "site"
      : company.length > 0
        ? "turbine"
        : placeAlone(own.signature, onTurbine);
  const counted = { onTurbine, company, sites: ofSite === null ? [] : sites, isModel };
  const story = isModel
    ? view.versionOf(own)!.movement.story
    : (ofSite?.story ?? joinStories(kind === "turbine" ? [own, ...company] : [own]));
  return { kind, site: countSite(own, view), ...counted, story };
}

function placeAlone({ pattern }: PointSignature, onTurbine: number): DriftCause["kind"] {
  return pattern === "loud" && onTurbine > 1 ? "sensor" : alone[pattern];
}

function countSite(own: ReadVerdict, view: FleetView): SiteCount {
  const { assessed, movement } = view.siteOf(own);
  const isOther = ({ verdict }: ReadVerdict): boolean => verdict.turbine !== own.verdict.turbine;
  const hasOthers = assessed.some(isOther);
  if (movement?.members.has(own) === true) {
    // Most points of a site are those of two turbines at least.
    return { assessed: assessed.length, alike: movement.members.size, hasOthers, hasOthersAlike: true };
  }
  const alike = findCompanions(own, assessed);
  return {
    assessed: assessed.length,
    alike: alike.length === 0 ? 0 : alike.length + 1,
    hasOthers,
    hasOthersAlike: alike.some(isOther),
  };
}

function movedWithVersion(own: ReadVerdict, view: FleetView): boolean {
  const version = view.versionOf(own);
  if (version === null || !version.movement.members.has(own)) return false;
  return beganWithModel(own, view.fleet) ?? version.isCompared;
}

/**
 * Its model's first day in the fleet was about when it began to be off; null: that day is not known. Only what carries its own past
 * over a change of model (levels in dB) can begin to be off with it: what a version computes wrongly from its first day on, its
 * features learn as usual. What begins later the version did not begin: it has not changed since. A turbine that took it days
 * after the first one is not told from that.
 */
export function beganWithModel(own: ReadVerdict, { modelsSince = {} }: DriftFleet): boolean | null {
  const sinceMs = modelsSince[own.verdict.modelDigest];
  if (sinceMs === undefined) return null;
  return Math.abs(own.onsetMs - sinceMs) <= own.reachMs;
}
