/**
 * Prints how well a bundle tells faulty from healthy on invented rigs that it never saw, through `aurora score`'s own
 * code, beside the physics score that needs no training: `npx tsx scripts/bench-transfer.ts [rigs] [bundle]`.
 *
 * AUROCs are over recordings. `fault`: any fault against healthy, by faultProbability, and by the highest mean
 * log signal-to-noise ratio of three harmonics. `modes`: each kind against all else, by its probability, and by the
 * physics score (its own harmonics less the larger of the others). Nothing is trained here; choosing a recipe by these
 * figures makes them flatter, and has to be said.
 */
import { join } from "node:path";
import { createSummary } from "../src/cli/score/file-summary.ts";
import { withBundle } from "../src/cli/score/open-bundle.ts";
import { openSource, scoreWindows } from "../src/cli/score/score-windows.ts";
import { chooseSeverityScale } from "../src/cli/score/severity-scale.ts";
import { withShortWindow } from "../src/cli/score/short-window.ts";
import type { LoadedBundle } from "../src/gateway/loaded-bundle.ts";
import { faultKinds } from "../src/simulate/scenario.ts";
import { computeAuroc } from "../src/training/metrics.ts";
import { rigFamilies } from "./bench/transfer-families.ts";
import { type RigFamily, type RigRecording, recordRig } from "./bench/transfer-rig.ts";

const kinds = [null, ...faultKinds] as const;
const orderNames = ["bpfi", "bpfo", "bsf"] as const;

/** Scores of one recording: any fault, then one a kind. */
interface Scores {
  readonly windows: number;
  readonly student: readonly number[];
  readonly physics: readonly number[];
}

async function scoreRecording(
  bundle: LoadedBundle,
  family: RigFamily,
  { samples, bearing }: RigRecording,
): Promise<Scores> {
  const { rateHz, shaftRpm, seconds } = family;
  const file = {
    path: family.name,
    isCounts: false,
    async *pieces() {
      for (let at = 0; at < samples.length; at += 8192) yield samples.subarray(at, at + 8192);
    },
  };
  const by = withShortWindow(bundle, (seconds * shaftRpm) / 60) ?? bundle;
  const names = bundle.manifest.features.list.map((feature) => feature.name);
  const columns = orderNames.map((order) =>
    [1, 2, 3].map((harmonic) => names.indexOf(`${order}.h${harmonic}`)),
  );
  const summary = createSummary(file.path, bundle.manifest, chooseSeverityScale(bundle.manifest, null));
  const means = [0, 0, 0];
  const source = await openSource(bundle, file, { rateHz, shaftRpm, bearing, scale: null });
  for await (const { window, output } of scoreWindows(by, source, summary.setAside, null)) {
    summary.update(output.logits, by !== bundle);
    for (const [index, own] of columns.entries()) {
      for (const column of own) means[index]! += window.features[column]! / 3;
    }
  }
  const { windows, faultProbability, probabilities } = summary.summarise();
  if (windows === 0) throw new Error(`no window of ${family.name}`);
  const levels = means.map((sum) => sum / windows);
  const margins = levels.map((own, index) => own - Math.max(...levels.filter((_, other) => other !== index)));
  return {
    windows,
    student: [faultProbability!, ...Object.values(probabilities).map((value) => value!)],
    physics: [Math.max(...levels), ...margins],
  };
}

const rigs = Number(process.argv[2] ?? 20);
const dir = process.argv[3] ?? join("models", "bearing-vibration", "1.0.0");
const totals = { fault: { student: 0, physics: 0 }, modes: { student: 0, physics: 0 } };
await withBundle(dir, async (bundle) => {
  console.log(
    `${bundle.ref.name} ${bundle.ref.version} (${bundle.ref.digest.slice(0, 12)}), ${rigs} rigs a family`,
  );
  console.log(`${"family".padEnd(44)} windows  fault: student physics  modes: student physics`);
  for (const family of rigFamilies) {
    const scored: { readonly kind: string | null; readonly scores: Scores }[] = [];
    for (let seed = 1; seed <= rigs; seed++) {
      for (const recording of recordRig(family, seed, kinds)) {
        scored.push({ kind: recording.kind, scores: await scoreRecording(bundle, family, recording) });
      }
    }
    const judge = (by: "student" | "physics"): { fault: number; modes: number } => {
      const column = (at: number): number[] => scored.map(({ scores }) => scores[by][at]!);
      const areas = faultKinds.map((own, index) =>
        computeAuroc(
          column(index + 1),
          scored.map(({ kind }) => kind === own),
        ),
      );
      return {
        fault: computeAuroc(
          column(0),
          scored.map(({ kind }) => kind !== null),
        ),
        modes: areas.reduce((sum, area) => sum + area / areas.length, 0),
      };
    };
    const [student, physics] = [judge("student"), judge("physics")];
    totals.fault.student += student.fault / rigFamilies.length;
    totals.fault.physics += physics.fault / rigFamilies.length;
    totals.modes.student += student.modes / rigFamilies.length;
    totals.modes.physics += physics.modes / rigFamilies.length;
    const windows = scored.reduce((sum, { scores }) => sum + scores.windows, 0) / scored.length;
    print(family.name, windows.toFixed(1), student.fault, physics.fault, student.modes, physics.modes);
  }
});
print("mean", "", totals.fault.student, totals.fault.physics, totals.modes.student, totals.modes.physics);

function print(name: string, windows: string, ...areas: readonly number[]): void {
  const [a, b, c, d] = areas.map((area) => area.toFixed(3).padStart(7));
  console.log(`${name.padEnd(44)} ${windows.padStart(7)}       ${a} ${b}        ${c} ${d}`);
}
