/**
 * What a point raises by the shipped bundle and the gateway's own decision. `npx tsx scripts/bench-alarms.ts`
 *
 * - `--demo N [--stay]`: the demonstration's scenario with seeds 0 to N − 1, connected at several moments of the run:
 *   what is raised, how long after the onset, and with `--stay` whether it stands ten minutes later.
 * - `--healthy YEARS [--seconds S]`: false alarms a turbine-year of healthy machines made of resampled blocks of logits
 *   (simulator; CWRU with AURORA_DATA, bearings of training only) that wander, a new machine each, learning included.
 *   YEARS a row at most, and all rows together for S seconds (default 150), one machine a row at least. `--budgets
 *   0.1,1,10` false alarms a year; `--only snapshots` (1 s each ten minutes, a year a machine) or `continuous` (1.2 s,
 *   60 days a machine). How often a kind is told to have risen without an alarm is its last line.
 * - `--step L`: of machines of which a kind rises by L logits in one step, how soon it is raised, or told to have risen.
 */
import { openBenchModel } from "./bench/alarm-scenes.ts";
import { benchDemo } from "./bench/bench-demo.ts";
import { benchHealthy, benchStep } from "./bench/bench-healthy.ts";
import {
  readNumberList,
  readOneOf,
  readOptions,
  readPositiveNumber,
  readWholeNumber,
  refuseWrong,
} from "./suite-options.ts";

const { values } = readOptions({
  command: "npx tsx scripts/bench-alarms.ts",
  does: "What a point raises by the shipped bundle and the gateway's own decision.",
  options: {
    demo: {
      type: "string",
      value: "N",
      means: "the demonstration's scenario with seeds 0 to N - 1",
      check: readWholeNumber,
    },
    phases: {
      type: "string",
      default: "0,0.4,0.8,3,6",
      value: "LIST",
      means: "with --demo, moments of the run at which it is connected (0,0.4,0.8,3,6)",
      check: readNumberList,
    },
    stay: {
      type: "boolean",
      default: false,
      means: "with --demo, whether the alarm stands ten minutes later",
    },
    healthy: {
      type: "string",
      value: "YEARS",
      means: "false alarms a turbine-year, of at most YEARS a row",
      check: readPositiveNumber,
    },
    step: {
      type: "string",
      value: "L",
      means: "how soon a kind that rises by L logits in one step is raised, or told to have risen",
      check: readPositiveNumber,
    },
    seconds: {
      type: "string",
      default: "150",
      value: "S",
      means: "with --healthy, how long all rows take together (150)",
      check: readPositiveNumber,
    },
    budgets: {
      type: "string",
      default: "0.1,1,10",
      value: "LIST",
      means: "with --healthy, false alarms a year (0.1,1,10)",
      check: readNumberList,
    },
    only: {
      type: "string",
      value: "NAME",
      means: "with --healthy, snapshots or continuous alone",
      check: (option, text) => readOneOf(option, text, ["snapshots", "continuous"]),
    },
  },
});
refuseWrong(() => {
  if (values.demo === undefined && values.healthy === undefined && values.step === undefined)
    throw new Error("give --demo N, --healthy YEARS or --step L");
});
const bench = await openBenchModel();
const { name, version, baseline } = bench.manifest;
const spread = baseline?.healthy === undefined ? "states no healthy logits" : "states healthy logits";
process.stdout.write(`${name} ${version}, which ${spread}\n`);
if (values.demo !== undefined) {
  const phases = values.phases.split(",").map(Number);
  benchDemo(bench, { seeds: Number(values.demo), phases, stays: values.stay ? "asked" : "not asked" });
}
if (values.step !== undefined) await benchStep(bench, Number(values.step));
if (values.healthy !== undefined) {
  await benchHealthy(bench, {
    years: Number(values.healthy),
    seconds: Number(values.seconds),
    budgets: values.budgets.split(",").map(Number),
    only: values.only,
  });
}
