/**
 * Prints what the bearing student would be that learns from another make of its features:
 * `npx tsx scripts/bench-chain.ts [PARAMETER=VALUE ...] [--revolutions N] [--no-combs] [--rigs 5] [--from 5001]`, for example
 * `whiteningMemory=0.75 envelope=magnitude --revolutions 30 --no-combs`; without any of them, the make that ships. `--revolutions`
 * is how long a window is, with the spectrum that belongs to it; `--no-combs` leaves the features out that look for a comb of lines. The
 * data is found through AURORA_DATA, else ../shared/data. For choosing: it learns on the published tuning folds and on invented rigs of
 * training's own generator, and plays families of other rigs (scripts/bench-transfer) from seeds that those figures do not use. No
 * held-out bearing is judged but where a tuning fold has it, no bundle is written.
 *
 * `folds`: macro AUROC over windows; over recordings, AUROC of the leading mode's mean logit, faulty against healthy, faulty
 * ones above all healthy ones of the fold, and what a gateway that knows none of them raises of healthy ones, and rightly of
 * faulty ones; below them how far the students are ahead of a converged tied logistic regression, intervals by bearings. The
 * families' table is that of bench-transfer.ts, the levels, calibration and thresholds those of the bundle.
 */
import { join } from "node:path";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import type { BearingConfig } from "../src/training/recipes/bearing/bearing-config.ts";
import { loadTrainingConfig } from "../src/training/training-config.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import {
  changeChain,
  changeWindow,
  cutChainRows,
  describeFold,
  describeLead,
  learnChain,
  leaveOutCombs,
  lendStudent,
} from "./bench/chain-student.ts";
import { rigFamilies } from "./bench/transfer-families.ts";
import { playRig } from "./bench/transfer-play.ts";
import { oneKind } from "./bench/transfer-rig.ts";
import {
  alarmHeader,
  countAlarms,
  describeAlarms,
  describeMissedKinds,
  type RigOutcome,
} from "./bench/transfer-tables.ts";
import { readOptions, readWholeNumber } from "./suite-options.ts";

const { values: options, positionals } = readOptions({
  command: "npx tsx scripts/bench-chain.ts",
  does: "What the bearing student would be that learns from another make of its features.",
  words: { "PARAMETER=VALUE ...": "of the chain, for example envelope=magnitude; none: as it ships" },
  options: {
    revolutions: { type: "string", value: "N", means: "how long a window is" },
    "no-combs": {
      type: "boolean",
      default: false,
      means: "without the features that look for a comb of lines",
    },
    rigs: { type: "string", default: "5", value: "N", means: "rigs a family (5)", check: readWholeNumber },
    from: {
      type: "string",
      default: "5001",
      value: "SEED",
      means: "the first rig's seed (5001)",
      check: readWholeNumber,
    },
  },
});
const params = Object.fromEntries(
  positionals.map((each) => {
    const [name = "", value = ""] = each.split("=", 2);
    return [name, value !== "" && Number.isFinite(Number(value)) ? Number(value) : value];
  }),
);
const folder = join("models", "bearing-vibration");
const { recipe, attachments } = await loadTrainingConfig(join(folder, "train.yaml"));
const { revolutions, "no-combs": hasNoCombs } = options;
const shipped = recipe.config as BearingConfig;
const heard = revolutions === undefined ? shipped : changeWindow(shipped, Number(revolutions));
const changed = changeChain(heard, params);
const config = hasNoCombs ? leaveOutCombs(changed) : changed;
const rows = await cutChainRows(config, attachments, dataFolder);
const { folds, student } = await learnChain(rows);
console.log(`${process.argv.slice(2).join(" ") || "as it ships"}\n`);
console.log(`${"folds".padEnd(24)}| windows | recordings   above | raises  rightly`);
for (const fold of folds) console.log(describeFold(rows, student, fold));
console.log(describeLead(rows, folds));
const { location, machine, window } = student.healthy;
console.log(
  `healthy logits ${location.toFixed(2)}, machines ± ${machine.toFixed(2)}, windows ± ${window.toFixed(2)}\n`,
);
await withBundle(join(folder, "1.0.0"), async (lender) => {
  const bundle = lendStudent(lender, rows.config, student);
  const [rigs, from] = [Number(options.rigs), Number(options.from)];
  const all: RigOutcome[] = [];
  console.log(alarmHeader);
  for (const [index, family] of rigFamilies.entries()) {
    const outcomes: RigOutcome[] = [];
    // Other bearings in each family: a bearing of its own counts once.
    for (let rig = 0; rig < rigs; rig++)
      outcomes.push(await playRig(bundle, family, { seed: from + index * rigs + rig, cases: oneKind }));
    console.log(describeAlarms(family.name, countAlarms(outcomes)));
    all.push(...outcomes);
  }
  console.log(describeAlarms("all", countAlarms(all)));
  console.log(`\n${describeMissedKinds(all).join("\n")}`);
});
