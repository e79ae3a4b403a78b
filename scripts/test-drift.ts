/**
 * Measures drift again, all its declared figures: `npm run test:drift -- [--json] [--only name,name]
 * [--without name,name] [--times N]`, with N times as many days of invented columns and invented fleets. Ends with one line of
 * JSON, `{cases, violations, missed, figures}`; a violation is a bound that was missed, or a part without a case that does not say
 * what it lacks, and makes it fail.
 */
import * as causes from "./drift/causes.ts";
import * as cost from "./drift/cost.ts";
import type { DriftMeasure } from "./drift/drift-measure.ts";
import * as falseAlarms from "./drift/false-alarms.ts";
import * as gatewayShare from "./drift/gateway-share.ts";
import * as healthyMachines from "./drift/healthy-machines.ts";
import * as shifts from "./drift/shifts.ts";
import * as streams from "./drift/streams.ts";
import { saySkipped } from "./say-skipped.ts";
import { readOptions, readPartNames, readPositiveNumber, refuseWrong } from "./suite-options.ts";

const modules: Readonly<Record<string, { measure(times?: number): Promise<DriftMeasure> }>> = {
  cost,
  "gateway-share": gatewayShare,
  shifts,
  causes,
  "healthy-machines": healthyMachines,
  streams,
  "false-alarms": falseAlarms,
};
const names = Object.keys(modules);
const { values } = readOptions({
  command: "npm run test:drift",
  does: "Measures drift again, all its declared figures.",
  options: {
    json: { type: "boolean", default: false, means: "the last line of JSON alone" },
    only: { type: "string", value: "NAMES", means: `these parts, of ${names.join(", ")}` },
    without: { type: "string", default: "", value: "NAMES", means: "all parts but these" },
    times: {
      type: "string",
      default: "1",
      value: "N",
      means: "N times as many days of invented columns and fleets (1)",
    },
  },
});
const asked = refuseWrong(() => {
  const without = values.without === "" ? [] : readPartNames(values.without, names);
  const left = readPartNames(values.only, names).filter((name) => !without.includes(name));
  if (left.length === 0) throw new Error("nothing is left to measure");
  return left;
});
const times = refuseWrong(() => readPositiveNumber("times", values.times));

let cases = 0;
const missed: string[] = [];
const figures: Record<string, unknown> = {};
for (const name of asked) {
  const startedMs = performance.now();
  const measured = await modules[name]!.measure(times);
  const skipped = Object.entries(measured.skipped ?? {});
  cases += measured.cases;
  missed.push(...measured.missed.map((each) => `${name}: ${each}`));
  if (measured.cases === 0 && skipped.length === 0) missed.push(`${name}: no case`);
  figures[name] = measured.figures;
  for (const [what, why] of skipped) saySkipped(`${name}: ${what}`, why);
  if (values.json) continue;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  process.stdout.write(`${name}: ${measured.cases} cases in ${seconds} s\n`);
  for (const [key, figure] of Object.entries(measured.figures)) {
    process.stdout.write(`  ${key}: ${JSON.stringify(figure)}\n`);
  }
  for (const each of measured.missed) process.stdout.write(`  MISSED ${each}\n`);
}
process.stdout.write(`${JSON.stringify({ cases, violations: missed.length, missed, figures })}\n`);
if (missed.length > 0) process.exitCode = 1;
