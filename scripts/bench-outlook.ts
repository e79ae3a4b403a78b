/**
 * What an outlook's 80 % interval is worth: on invented lives of many laws of growth, and on the six lives of
 * `../shared/data/pronostia`: `npx tsx scripts/bench-outlook.ts`. Every figure of
 * `src/adr/0034-an-outlook-that-is-honest.md` comes from here. The unit is a life: the answers of one are not independent.
 * `--seeds tuning|report`, `--lives N` (a law), `--real` (look at the six lives too), `--rule JSON` (instead of the chosen one), `--json`.
 */
import { join } from "node:path";
import { chooseStopDb, defaultOutlookRule, type OutlookRule } from "../src/core/decision/outlook/outlook.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import { growthLaws, inventLife } from "./bench/invented-lives.ts";
import { scoreLife, summariseLives } from "./bench/outlook-lives.ts";
import { readRealLives } from "./bench/pronostia-lives.ts";
import { readOneOf, readOptions, readWholeNumber } from "./suite-options.ts";

const { values } = readOptions({
  command: "npx tsx scripts/bench-outlook.ts",
  does: "What an outlook's 80 % interval is worth, on invented lives and on those of pronostia.",
  options: {
    seeds: {
      type: "string",
      default: "report",
      value: "NAME",
      means: "tuning or report (report)",
      check: (option, text) => readOneOf(option, text, ["tuning", "report"]),
    },
    lives: {
      type: "string",
      default: "30",
      value: "N",
      means: "lives a law of growth (30)",
      check: readWholeNumber,
    },
    real: { type: "boolean", default: false, means: "also the six lives of pronostia" },
    rule: { type: "string", default: "{}", value: "JSON", means: "instead of the chosen rule" },
    json: { type: "boolean", default: false, means: "one line of JSON" },
  },
});
const stopDb = 16;
const firstSeed = values.seeds === "tuning" ? 340_000 : 360_000;
const count = Number(values.lives);
const rule: OutlookRule = { ...defaultOutlookRule, ...JSON.parse(values.rule) };
const report: Record<string, unknown> = { seeds: values.seeds };
const all = [];
const byLaw: Record<string, unknown> = {};
for (const [nth, law] of [...Object.keys(growthLaws), "healthy"].entries()) {
  const scores = Array.from({ length: count }, (_, index) => {
    const life = inventLife(law, firstSeed + 1000 * nth + index, stopDb);
    const reference = { baseline: "invented", stopDb, spreadDb: life.spreadDb };
    return scoreLife({ ...life, name: law }, reference, { rule, endStops: false });
  });
  byLaw[law] = summariseLives(scores);
  if (law !== "healthy") all.push(...scores);
}
report.invented = summariseLives(all);
report.byLaw = byLaw;
if (values.real) {
  const lives = await readRealLives(join(dataFolder, "pronostia"));
  const scores = lives.map((life) => {
    const reference = { baseline: life.name, stopDb: chooseStopDb(life.spreadDb), spreadDb: life.spreadDb };
    const { hours, spreadDb, highestDb } = life;
    const score = scoreLife(life, reference, { rule, endStops: true });
    return { hours, spreadDb, highestDb, stopDb: reference.stopDb, ...score };
  });
  report.real = scores;
  report.realTogether = summariseLives(scores);
}
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  console.dir(report.invented);
  console.table(byLaw);
  console.dir(report.real, { depth: 3 });
  console.dir(report.realTogether);
}
