/** Writes a cause in an operator's words: one sentence for what moved, and what was counted for and against it. */

import type { DriftCause, FeatureShift } from "../contract/drift-verdict.ts";
import { describeSince, listShifts, writeTitle } from "./cause-title.ts";
import { describeColumn, formatDb, spell, wordShift } from "./describe-column.ts";
import type { FleetView } from "./fleet-view.ts";
import { beganWithModel, type Placement } from "./place-drift.ts";
import type { ReadVerdict } from "./read-verdicts.ts";

/** Things that moved are named up to so many. */
const named = 3;

export function explainCause(own: ReadVerdict, placement: Placement, view: FleetView): DriftCause {
  const evidence = gatherEvidence(own, placement, view);
  return { kind: placement.kind, title: writeTitle(own, placement, view.fleet.toldMs), ...evidence };
}

function gatherEvidence(
  own: ReadVerdict,
  placement: Placement,
  view: FleetView,
): Pick<DriftCause, "evidenceFor" | "evidenceAgainst"> {
  const facts: readonly Fact[] = [
    ...factsOfPoint(own),
    ...factsOfCompany(own, placement, view),
    ...factsOfAlarms(own, view),
  ];
  const { kind } = placement;
  return {
    evidenceFor: facts.filter((fact) => fact.speaksFor.includes(kind)).map(({ words }) => words),
    evidenceAgainst: facts.filter((fact) => fact.speaksAgainst.includes(kind)).map(({ words }) => words),
  };
}

/** The causes that something speaks for and against. */
interface Weight {
  readonly speaksFor: readonly DriftCause["kind"][];
  readonly speaksAgainst: readonly DriftCause["kind"][];
}

/** One thing that was counted. */
interface Fact extends Weight {
  readonly words: string;
}

const ofSensors: Weight = { speaksFor: ["sensor"], speaksAgainst: ["turbine", "site", "fleet"] };
const ofMachines: Weight = { speaksFor: ["turbine", "site", "fleet"], speaksAgainst: ["sensor"] };
const ofPlaces: Weight = { speaksFor: ["site", "fleet"], speaksAgainst: ["sensor", "turbine", "unknown"] };
const ofDamage: Weight = { speaksFor: ["turbine"], speaksAgainst: ["sensor", "site", "fleet", "unknown"] };
const unsure: Weight = { speaksFor: [], speaksAgainst: ["sensor", "turbine", "site"] };

interface Facts {
  readonly all: Fact[];
  add(words: string, weight: Weight): void;
}

function createFacts(): Facts {
  const all: Fact[] = [];
  return { all, add: (words, weight) => all.push({ words, ...weight }) };
}

/** What the point's own shifts say. */
function factsOfPoint({ signature, verdict }: ReadVerdict): Fact[] {
  const { pattern, levelDb, spreadDb, movedAlike, linesUp, linesDown, shifts, isAtAllLoads } = signature;
  const facts = createFacts();
  const levels = verdict.shifts.filter(({ role, aspect }) => role === "level" && aspect === "mean");
  if (movedAlike && pattern !== "loud") {
    facts.add(
      `all ${levels.length} levels that moved did so by the same ${formatDb(levelDb)}, within ${formatDb(spreadDb)}`,
      ofSensors,
    );
  } else if (pattern === "loud") {
    facts.add(
      `louder at all frequencies, without a line that has grown: ${levels.map(wordShift).join(", ")}`,
      {
        speaksFor: ["sensor", "turbine"],
        speaksAgainst: [],
      },
    );
  } else if (levels.length >= 2) {
    facts.add(`levels moved by different amounts: ${levels.map(wordShift).join(", ")}`, ofMachines);
  }
  switch (pattern) {
    case "broken":
      facts.add(listShifts(shifts), ofSensors);
      break;
    case "noise": {
      const drowned = shifts.filter(({ role, aspect }) => role === "feature" && aspect === "mean");
      facts.add(
        drowned.length > 0
          ? `lines of the machine drown: ${listNames(drowned)}`
          : "values scatter more than before",
        ofSensors,
      );
      break;
    }
    case "lone":
      facts.add("every other value of this student is as expected", ofSensors);
      break;
    case "several":
      facts.add(`several values are off the same way: ${listShifts(shifts)}`, ofMachines);
      break;
    default:
  }
  if (isAtAllLoads === true) facts.add("the same at all loads", { speaksFor: ["sensor"], speaksAgainst: [] });
  if (isAtAllLoads === false) {
    facts.add("not the same at all loads", { speaksFor: ["turbine"], speaksAgainst: ["sensor"] });
  }
  if (isAtAllLoads === null && isOfSpeedAlone(levels)) {
    facts.add(
      "heard within one half octave of the shaft's speed, and nobody tells the turbine's power: a lull or a gust would sound alike",
      { speaksFor: [], speaksAgainst: ["sensor", "turbine", "site", "fleet", "unknown"] },
    );
  }
  if (linesUp.length > 0) {
    facts.add(`went up as with damage: ${listNames(linesUp)}`, ofDamage);
  } else if (linesDown.length === 0 && levels.length > 0) {
    facts.add("the lines of the bearing's parts stand, so that damage is unlikely", {
      speaksFor: ["sensor", "site", "fleet"],
      speaksAgainst: ["turbine"],
    });
  }
  return facts.all;
}

/** At rated speed the shaft's tells nothing of the load. */
function isOfSpeedAlone(levels: readonly FeatureShift[]): boolean {
  const loads = levels.flatMap((shift) => shift.loads);
  return loads.length > 0 && loads.every(({ by }) => by === "speed");
}

/** What the other points say. */
function factsOfCompany(own: ReadVerdict, placement: Placement, view: FleetView): Fact[] {
  const { site, turbine, modelName, modelVersion } = own.verdict;
  const facts = createFacts();
  const together = placement.company.length + 1;
  const { onTurbine } = placement;
  if (together > 1) {
    facts.add(`${together} points of ${turbine} moved at about the same time`, ofMachines);
  } else if (onTurbine > 1) {
    facts.add(`no other of ${onTurbine} points of ${turbine} moved with it`, ofSensors);
  }
  const { alike, assessed, hasOthers, hasOthersAlike } = placement.site;
  if (hasOthersAlike) {
    facts.add(`${alike} of ${assessed} points of site ${site} moved the same way`, ofPlaces);
  } else if (hasOthers) {
    facts.add(`no other turbine of site ${site} moved with it`, {
      speaksFor: ["sensor", "turbine", "unknown"],
      speaksAgainst: ["site", "fleet"],
    });
  } else {
    facts.add(`no other turbine of site ${site} was assessed`, unsure);
  }
  const known = view.countKnown(site);
  if (known > 2 * assessed) {
    facts.add(`only ${assessed} of ${known} points of site ${site} were assessed`, unsure);
  }
  const elsewhereSites = placement.sites.filter((other) => other !== site);
  if (elsewhereSites.length > 0) {
    facts.add(`the same at ${elsewhereSites.slice(0, named).join(", ")}`, {
      speaksFor: ["fleet"],
      speaksAgainst: ["sensor", "turbine", "site"],
    });
  } else if (view.hasOtherSites(site)) {
    facts.add("no other site moved that way", { speaksFor: ["site"], speaksAgainst: ["fleet"] });
  }
  if (placement.isModel) {
    const words = `nearly all points that run ${modelName} ${modelVersion} moved, and hardly any other`;
    facts.add(words, { speaksFor: ["fleet"], speaksAgainst: ["site", "turbine", "sensor"] });
  }
  if (!placement.isModel && placement.sites.length > 1) {
    const isOfBefore = beganWithModel(own, view.fleet) === false;
    facts.add(
      `${isOfBefore ? "its model was in the fleet before, and " : ""}weather moves many sites as well`,
      {
        speaksFor: ["site"],
        speaksAgainst: ["fleet"],
      },
    );
  }
  return facts.all;
}

function factsOfAlarms(own: ReadVerdict, view: FleetView): Fact[] {
  return view.alarmsOf(own).map(({ component, failureMode, sinceMs }) => ({
    words: `an alarm of ${spell(failureMode)} at the ${spell(component)} stands ${describeSince(sinceMs, own.verdict, view.fleet.toldMs)}`,
    ...ofDamage,
  }));
}

function listNames(shifts: readonly FeatureShift[]): string {
  const names = shifts.slice(0, named).map(({ name, role }) => describeColumn(name, role));
  return shifts.length > named ? `${names.join(", ")} and ${shifts.length - named} more` : names.join(", ");
}
