/**
 * Prints what a gateway would have said of bearings' lives, by `aurora score --decide`'s own code:
 * `npx tsx scripts/bench-lives.ts [--bundle DIR] [--min-windows N] [--min-hours H]`, of the data in AURORA_DATA, else
 * ../shared/data. `ims`: every channel of four bearings, healthy hours and, of two, the last one; `pronostia`: six lives.
 *
 * `learnt`: when the point had its own reference, as a share of its life; `alarm`: the same of the first alarm, with its
 * failure mode, lane and severity; `alarms`: how many there were, and how many of them before half of the life. The life
 * of a channel without an end is its healthy hours: there no alarm is right. The options stand for a gateway's `commissioning`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import type { PointReport } from "../src/cli/score/replay/point-history.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import { describeIms, describePronostia } from "./bench/life-manifests.ts";
import { replayLives } from "./bench/replay-lives.ts";
import { readOptions } from "./suite-options.ts";

const root = join(import.meta.dirname, "..");
const { values: options } = readOptions({
  command: "npx tsx scripts/bench-lives.ts",
  does: "What a gateway would have said of the bearings' lives of ims and pronostia.",
  options: {
    bundle: {
      type: "string",
      default: join(root, "models", "bearing-vibration", "1.0.0"),
      value: "DIR",
      means: "a bundle (the shipped one)",
    },
    "min-windows": { type: "string", value: "N", means: "as a gateway's commissioning.minWindows" },
    "min-hours": { type: "string", value: "H", means: "as a gateway's commissioning.minHours" },
  },
});

function describePoint({ point, from, to, windows, learntAt, alarms }: PointReport): string {
  const [fromMs, toMs] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  const shareOf = (time: string | null): number =>
    time === null ? Number.NaN : (Date.parse(time) - fromMs) / (toMs - fromMs);
  const show = (share: number): string => (Number.isNaN(share) ? "-" : `${(100 * share).toFixed(1)} %`);
  const [first] = alarms;
  const early = alarms.filter(({ raisedAt }) => shareOf(raisedAt) < 0.5).length;
  return [
    point.padEnd(11),
    `${((toMs - fromMs) / 3_600_000).toFixed(2)} h`.padStart(9),
    `${windows}`.padStart(8),
    show(shareOf(learntAt)).padStart(9),
    show(shareOf(first?.raisedAt ?? null)).padStart(9),
    `${alarms.length} (${early})`.padStart(10),
    `  ${first === undefined ? "" : `${first.failureMode}, ${first.lane ?? "lane not stated"}, ${first.severity}`}`,
  ].join("");
}

const { "min-windows": minWindows, "min-hours": minHours } = options;
const commissioning = {
  ...(minWindows === undefined ? {} : { minWindows: Number(minWindows) }),
  ...(minHours === undefined ? {} : { minHours: Number(minHours) }),
};
const sets = [
  ["ims", describeIms],
  ["pronostia", describePronostia],
] as const;
await withBundle(options.bundle, async (bundle) => {
  for (const [name, describe] of sets) {
    if (!existsSync(join(dataFolder, name, "index.json"))) {
      process.stdout.write(`${name}: skipped, there is no ${join(dataFolder, name)}; set AURORA_DATA\n`);
      continue;
    }
    const points = await replayLives(bundle, await describe(dataFolder), commissioning);
    const raised = points.filter(({ alarms }) => alarms.length > 0).length;
    process.stdout.write(
      [
        `${name} by ${bundle.ref.name}@${bundle.ref.version}: ${raised} of ${points.length} points raise`,
        `${"point".padEnd(11)}${"life".padStart(9)}${"windows".padStart(8)}${"learnt".padStart(9)}${"alarm".padStart(9)}${"alarms".padStart(10)}`,
        ...points.map(describePoint),
        "",
        "",
      ].join("\n"),
    );
  }
});
