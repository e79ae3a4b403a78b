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
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import { planReplay } from "../src/cli/score/replay/plan-replay.ts";
import type { PointReport } from "../src/cli/score/replay/point-history.ts";
import { readManifest } from "../src/cli/score/replay/replay-manifest.ts";
import { replayRecordings } from "../src/cli/score/replay/replay-recordings.ts";
import { createReplayedGateway } from "../src/cli/score/replay/replayed-gateway.ts";
import { createDescriber } from "../src/cli/score/sidecar/sidecar-options.ts";
import type { LoadedBundle } from "../src/core/serving/loaded-bundle.ts";
import { describeIms, describePronostia, type LifeSet } from "./bench/life-manifests.ts";
import { createScratchFolder } from "./scratch-folder.ts";

const root = join(import.meta.dirname, "..");
const dataDir = process.env.AURORA_DATA ?? join(root, "..", "shared", "data");
const { values: options } = parseArgs({
  options: {
    bundle: { type: "string", default: join(root, "models", "bearing-vibration", "1.0.0") },
    "min-windows": { type: "string" },
    "min-hours": { type: "string" },
  },
});

async function replay(bundle: LoadedBundle, set: LifeSet): Promise<readonly PointReport[]> {
  const scratch = createScratchFolder("lives");
  try {
    const path = join(scratch.path, `${set.name}.json`);
    await writeFile(path, JSON.stringify(set.manifest));
    const plan = await planReplay({
      input: set.files,
      manifest: { path, entries: await readManifest(path) },
      points: [],
      course: null,
      describer: await createDescriber({}),
    });
    const { "min-windows": minWindows, "min-hours": minHours } = options;
    const { points, errors } = await replayRecordings(bundle, {
      plan,
      gateway: createReplayedGateway({
        commissioning: {
          ...(minWindows === undefined ? {} : { minWindows: Number(minWindows) }),
          ...(minHours === undefined ? {} : { minHours: Number(minHours) }),
        },
      }),
      addRows: () => Promise.resolve(),
      progress: () => {},
    });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return points;
  } finally {
    scratch.remove();
  }
}

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

const sets = [
  ["ims", describeIms],
  ["pronostia", describePronostia],
] as const;
await withBundle(options.bundle, async (bundle) => {
  for (const [name, describe] of sets) {
    if (!existsSync(join(dataDir, name, "index.json"))) {
      process.stdout.write(`${name}: skipped, there is no ${join(dataDir, name)}; set AURORA_DATA\n`);
      continue;
    }
    const points = await replay(bundle, await describe(dataDir));
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
