/**
 * Prints how well a bundle tells faulty from healthy on invented rigs that it never saw, through `aurora score`'s own
 * code, beside the physics score that needs no training: `npx tsx scripts/bench-transfer.ts [rigs] [bundle]`.
 *
 * AUROCs are over recordings. `fault`: any fault against healthy, by faultProbability, by the highest of the modes'
 * calibrated probabilities, and by the highest mean log signal-to-noise ratio of three harmonics. `modes`: each kind against all else, by its probability, and by the
 * physics score (its own harmonics less the larger of the others). `named`: share of faulty recordings whose own kind has
 * the highest probability, and the highest physics score. `quiet`: share of healthy ones whose kinds all stay at 0.5 or
 * below. Nothing is trained here; choosing a recipe by these
 * figures makes them flatter, and has to be said.
 */
import { join } from "node:path";
import { withBundle } from "../src/cli/score/files/open-bundle.ts";
import type { AnsweredWindow } from "../src/cli/score/recordings/ask-student.ts";
import { createSummary } from "../src/cli/score/recordings/file-summary.ts";
import { openRecording } from "../src/cli/score/recordings/open-recording.ts";
import {
  fewWindows,
  withOverlappingWindows,
  withShortWindow,
} from "../src/cli/score/recordings/other-windows.ts";
import { chooseSeverityScale } from "../src/cli/score/recordings/recording-severity.ts";
import { scoreWindows } from "../src/cli/score/recordings/score-windows.ts";
import { bearingFaults, faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import type { LoadedBundle } from "../src/core/serving/loaded-bundle.ts";
import { computeAuroc } from "../src/training/judge/metrics.ts";
import { rigFamilies } from "./bench/transfer-families.ts";
import { type RigFamily, type RigRecording, recordRig } from "./bench/transfer-rig.ts";

const kinds = [null, ...faultKinds] as const;

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
  const own = withShortWindow(bundle, (seconds * shaftRpm) / 60) ?? bundle;
  const names = bundle.manifest.features.list.map((feature) => feature.name);
  const columns = faultKinds.map((kind) =>
    [1, 2, 3].map((harmonic) => names.indexOf(`${bearingFaults[kind].order}.h${harmonic}`)),
  );
  const summary = createSummary(file.path, bundle.manifest, chooseSeverityScale(bundle.manifest, null));
  const recording = await openRecording(bundle, file, { rateHz, shaftRpm, bearing, scale: null });
  let means = [0, 0, 0];
  let count = 0;
  const hear = async (by: LoadedBundle, take: (scored: AnsweredWindow) => void): Promise<void> => {
    means = [0, 0, 0];
    count = 0;
    for await (const scored of scoreWindows(by, recording, { onQuarantine: summary.setAside })) {
      take(scored);
      count++;
      for (const [index, own] of columns.entries()) {
        for (const column of own) means[index]! += scored.window.features[column]! / 3;
      }
    }
  };
  await hear(own, (scored) => summary.update(scored, own !== bundle));
  const windows = count;
  if (windows === 0) throw new Error(`no window of ${family.name}`);
  if (own === bundle && windows < fewWindows) await hear(withOverlappingWindows(bundle), summary.overlap);
  const { faultProbability, probabilities } = summary.summarise();
  const modes = Object.values(probabilities).map((value) => value!);
  const levels = means.map((sum) => sum / count);
  const margins = levels.map((own, index) => own - Math.max(...levels.filter((_, other) => other !== index)));
  return {
    windows,
    student: [faultProbability!, ...modes, Math.max(...modes)],
    physics: [Math.max(...levels), ...margins],
  };
}

const rigs = Number(process.argv[2] ?? 20);
const dir = process.argv[3] ?? join("models", "bearing-vibration", "1.0.0");
const totals = [0, 0, 0, 0, 0, 0, 0, 0];
await withBundle(dir, async (bundle) => {
  console.log(
    `${bundle.ref.name} ${bundle.ref.version} (${bundle.ref.digest.slice(0, 12)}), ${rigs} rigs a family`,
  );
  console.log(
    `${"family".padEnd(44)} windows  fault: student  calibrated physics  modes: student physics  named: student physics  quiet`,
  );
  for (const family of rigFamilies) {
    const scored: { readonly kind: string | null; readonly scores: Scores }[] = [];
    for (let seed = 1; seed <= rigs; seed++) {
      for (const recording of recordRig(family, seed, kinds)) {
        scored.push({ kind: recording.kind, scores: await scoreRecording(bundle, family, recording) });
      }
    }
    const column = (by: "student" | "physics", at: number): number[] =>
      scored.map(({ scores }) => scores[by][at]!);
    const faulty = scored.map(({ kind }) => kind !== null);
    const modesOf = (by: "student" | "physics"): number =>
      faultKinds.reduce((sum, own, index) => {
        const labels = scored.map(({ kind }) => kind === own);
        return sum + computeAuroc(column(by, index + 1), labels) / faultKinds.length;
      }, 0);
    const namedBy = (by: "student" | "physics"): number =>
      shareOf(scored, ({ kind, scores }) => {
        const own = scores[by].slice(1, 1 + faultKinds.length);
        return kind === null ? null : faultKinds[own.indexOf(Math.max(...own))] === kind;
      });
    const areas = [
      computeAuroc(column("student", 0), faulty),
      computeAuroc(column("student", 4), faulty),
      computeAuroc(column("physics", 0), faulty),
      modesOf("student"),
      modesOf("physics"),
      namedBy("student"),
      namedBy("physics"),
      shareOf(scored, ({ kind, scores }) =>
        kind === null ? scores.student[faultKinds.length + 1]! <= 0.5 : null,
      ),
    ];
    for (const [index, area] of areas.entries()) totals[index]! += area / rigFamilies.length;
    const windows = scored.reduce((sum, { scores }) => sum + scores.windows, 0) / scored.length;
    print(family.name, windows.toFixed(1), areas);
  }
});
print("mean", "", totals);

/** Of those that `judge` says something of. */
function shareOf<T>(items: readonly T[], judge: (item: T) => boolean | null): number {
  const judged = items.map(judge).filter((each) => each !== null);
  return judged.filter(Boolean).length / judged.length;
}

function print(name: string, windows: string, figures: readonly number[]): void {
  const [a, b, c, d, e, f, g, h] = figures.map((figure) => figure.toFixed(3).padStart(7));
  console.log(
    `${name.padEnd(44)} ${windows.padStart(7)}       ${a}     ${b} ${c}        ${d} ${e}        ${f} ${g} ${h}`,
  );
}
