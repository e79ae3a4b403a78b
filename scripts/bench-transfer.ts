/**
 * Prints what a bundle does on invented rigs that it never saw, by `aurora score`'s and the gateway's own code:
 * `npx tsx scripts/bench-transfer.ts [rigs] [bundle] [--from SEED] [--only TEXT] [--several] [--coinciding] [--missed]`; `--only` plays the families
 * whose names have the text. A rig is drawn from its seed alone: families
 * have the same bearings, and differ in how they are recorded. `--coinciding` draws on until there are as many rigs whose bearing
 * has two kinds of fault in one place, and plays those alone. `--several` plays each two kinds of fault at once, and all three,
 * equally strong, instead of each alone: what is raised is right where it is one of them, and `modes` asks for each of them.
 *
 * Alarms, at the shipped decision and the usual budget; counts are of recordings:
 * - `unknown machine`: a recording told thrice within minutes to a decider that knows the bundle's healthy machines alone.
 *   `healthy`: those that raise; `faulty`: those that raise anything, and those that raise their own kind.
 * - `own reference`: the same after other healthy recordings of the rig, a window a minute until there is a (provisional)
 *   reference, then a recording in a loop for three hours. `none`: rigs that were refused one; `learning`: rigs that raise
 *   before; `healthy`: of further healthy recordings.
 *
 * Ranking, AUROCs over recordings. `fault`: any fault against healthy, by faultProbability, by the highest of the modes'
 * calibrated probabilities, and by the highest mean log signal-to-noise ratio of three harmonics (the physics score, which
 * needs no training). `modes`: each kind against all else, by its probability, and by the physics score (its own harmonics
 * less the larger of the others). `named`: share of faulty recordings whose own kind has the highest probability, and the
 * highest physics score. `quiet`: share of healthy ones whose kinds all stay at 0.5 or below.
 *
 * `--missed` tells which faulty recordings raise nothing, and why, and lists every recording that is decided wrongly.
 * Nothing is trained here; choosing a recipe or a rule by these figures makes them flatter, and has to be said.
 */
import { join } from "node:path";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import { usualSpread } from "../src/core/decision/fast-lane.ts";
import { findCoincidingModes } from "../src/core/explain/coinciding-modes.ts";
import { rigFamilies } from "./bench/transfer-families.ts";
import { playRig } from "./bench/transfer-play.ts";
import { drawRigBearing, oneKind, severalKinds } from "./bench/transfer-rig.ts";
import {
  alarmHeader,
  countAlarms,
  countWindows,
  describeAlarms,
  describeMissedKinds,
  describeRanking,
  describeSilent,
  listWrong,
  type RigOutcome,
  rankFamily,
  rankingHeader,
  wrongHeader,
} from "./bench/transfer-tables.ts";
import { readOptions, readWholeNumber, refuseWrong } from "./suite-options.ts";

/** A bundle that looks for no lines has no such bearing. */
const mostDrawn = 1000;

const {
  values: options,
  positionals: [rigCount = "10", dir = join("models", "bearing-vibration", "1.0.0")],
} = readOptions({
  command: "npx tsx scripts/bench-transfer.ts",
  does: "What a bundle does on invented rigs that it never saw.",
  words: { RIGS: "rigs a family (10)", BUNDLE: "a bundle's folder (the shipped one)" },
  options: {
    from: {
      type: "string",
      default: "1",
      value: "SEED",
      means: "the first rig's seed (1)",
      check: readWholeNumber,
    },
    only: { type: "string", default: "", value: "TEXT", means: "families whose names have the text" },
    several: { type: "boolean", default: false, means: "several kinds of fault at once" },
    coinciding: { type: "boolean", default: false, means: "rigs with two kinds of fault in one place" },
    missed: { type: "boolean", default: false, means: "also which recordings are decided wrongly, and why" },
  },
});
const rigs = refuseWrong(() => readWholeNumber("RIGS", rigCount));
const families = refuseWrong(() => chooseFamilies(options.only));
await withBundle(dir, async (bundle) => {
  const { name, version, digest } = bundle.ref;
  const from = Number(options.from);
  const seeds: number[] = [];
  for (let seed = from; seeds.length < rigs && seed < from + mostDrawn * rigs; seed++) {
    const coinciding = findCoincidingModes(bundle.manifest.features, drawRigBearing(seed));
    if (!options.coinciding || coinciding.length > 0) seeds.push(seed);
  }
  console.log(
    `${name} ${version} (${digest.slice(0, 12)}), ${rigs} rigs a family, seeds from ${from}${options.coinciding ? ", two kinds of fault in one place" : ""}${options.several ? ", several kinds at once" : ""}\n`,
  );
  const cases = options.several ? severalKinds : oneKind;
  const played: { readonly name: string; readonly rigs: readonly RigOutcome[] }[] = [];
  console.log(alarmHeader);
  for (const family of families) {
    const outcomes: RigOutcome[] = [];
    for (const seed of seeds) outcomes.push(await playRig(bundle, family, { seed, cases }));
    played.push({ name: family.name, rigs: outcomes });
    console.log(describeAlarms(family.name, countAlarms(outcomes)));
  }
  const all = played.flatMap((each) => each.rigs);
  console.log(describeAlarms("all", countAlarms(all)));
  console.log(`\n${rankingHeader}`);
  const figures = played.map((each) => rankFamily(each.rigs));
  for (const [index, each] of played.entries()) {
    console.log(describeRanking(each.name, countWindows(each.rigs), figures[index]!));
  }
  const means = figures[0]!.map((_, at) => figures.reduce((sum, own) => sum + own[at]! / figures.length, 0));
  console.log(describeRanking("mean", null, means));
  if (!options.missed) return;
  console.log(`\n${describeMissedKinds(all).join("\n")}`);
  const spread = bundle.manifest.baseline?.healthy ?? usualSpread;
  console.log(`\n${describeSilent(all, spread).join("\n")}`);
  console.log(`\n${wrongHeader}`);
  for (const each of played) for (const line of listWrong(each.name, each.rigs)) console.log(line);
});

function chooseFamilies(text: string): typeof rigFamilies {
  const chosen = rigFamilies.filter(({ name }) => name.includes(text));
  if (chosen.length === 0) throw new Error(`--only ${text}: no family has that in its name`);
  return chosen;
}
