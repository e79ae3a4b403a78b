/**
 * Prints what the bearing student would be that learns from another make of its features:
 * `npx tsx scripts/bench-chain.ts [PARAMETER=VALUE ...] [--combs] [--rigs 5] [--from 5001]`, for example
 * `whiteningMemory=0.97 envelope=energy`; without a parameter, the make that ships; `--combs` with combs beside its lines. The data is found through AURORA_DATA,
 * else ../shared/data. For choosing: it learns on the published tuning folds and on invented rigs of training's own
 * generator, and plays families of other rigs (scripts/bench-transfer) from seeds that those figures do not use. No held-out
 * bearing is judged but where a tuning fold has it, no bundle is written.
 *
 * `folds`: macro AUROC over windows; over recordings, AUROC of the leading mode's mean logit, faulty against healthy, faulty
 * ones above all healthy ones of the fold, and what a gateway that knows none of them raises of healthy ones, and rightly of
 * faulty ones. The families' table is that of bench-transfer.ts, the levels, calibration and thresholds those of the bundle.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import type { BearingConfig } from "../src/training/recipes/bearing/bearing-config.ts";
import { loadTrainingConfig } from "../src/training/training-config.ts";
import { changeChain, cutChainRows, describeFold, learnChain, lendStudent } from "./bench/chain-student.ts";
import { addCombs } from "./bench/comb-features.ts";
import { rigFamilies } from "./bench/transfer-families.ts";
import { playRig } from "./bench/transfer-play.ts";
import {
  alarmHeader,
  countAlarms,
  describeAlarms,
  describeMissedKinds,
  type RigOutcome,
} from "./bench/transfer-tables.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    combs: { type: "boolean", default: false },
    rigs: { type: "string", default: "5" },
    from: { type: "string", default: "5001" },
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
const dataDir = process.env.AURORA_DATA ?? join("..", "shared", "data");
const changed = changeChain(recipe.config as BearingConfig, params);
const config = options.combs ? { ...changed, features: addCombs(changed.features) } : changed;
const rows = await cutChainRows(config, attachments, dataDir);
const { folds, student } = await learnChain(rows);
console.log(`${[...positionals, ...(options.combs ? ["with combs"] : [])].join(" ") || "as it ships"}\n`);
console.log(`${"folds".padEnd(24)}| windows | recordings   above | raises  rightly`);
for (const fold of folds) console.log(describeFold(rows, student, fold));
const { location, machine, window } = student.healthy;
console.log(
  `healthy logits ${location.toFixed(2)}, machines ± ${machine.toFixed(2)}, windows ± ${window.toFixed(2)}\n`,
);
await withBundle(join(folder, "1.0.0"), async (shipped) => {
  const bundle = lendStudent(shipped, rows.config, student);
  const [rigs, from] = [Number(options.rigs), Number(options.from)];
  const all: RigOutcome[] = [];
  console.log(alarmHeader);
  for (const [index, family] of rigFamilies.entries()) {
    const outcomes: RigOutcome[] = [];
    // Other bearings in each family: a bearing of its own counts once.
    for (let rig = 0; rig < rigs; rig++)
      outcomes.push(await playRig(bundle, family, from + index * rigs + rig));
    console.log(describeAlarms(family.name, countAlarms(outcomes)));
    all.push(...outcomes);
  }
  console.log(describeAlarms("all", countAlarms(all)));
  console.log(`\n${describeMissedKinds(all).join("\n")}`);
});
