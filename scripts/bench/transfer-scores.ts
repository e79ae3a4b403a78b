/** Ranks a recording of an invented rig as `aurora score` does, and by a physics score that needs no training. */
import type { AnsweredWindow } from "../../src/cli/score/recordings/ask-student.ts";
import { createSummary } from "../../src/cli/score/recordings/file-summary.ts";
import type { OpenedRecording } from "../../src/cli/score/recordings/open-recording.ts";
import {
  fewWindows,
  withOverlappingWindows,
  withShortWindow,
} from "../../src/cli/score/recordings/other-windows.ts";
import { chooseSeverityScale } from "../../src/cli/score/recordings/recording-severity.ts";
import { scoreWindows } from "../../src/cli/score/recordings/score-windows.ts";
import { bearingFaults, faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";

/** Scores of one recording: any fault, then one a kind; of the student, the highest of the kinds' comes last. */
export interface RankingScores {
  readonly windows: number;
  readonly student: readonly number[];
  readonly physics: readonly number[];
}

/** Scores a recording of `revolutions`. Throws where it holds no window. */
export async function scoreForRanking(
  bundle: LoadedBundle,
  recording: OpenedRecording,
  revolutions: number,
): Promise<RankingScores> {
  const { path } = recording.file;
  const own = withShortWindow(bundle, revolutions) ?? bundle;
  const names = bundle.manifest.features.list.map((feature) => feature.name);
  const columns = faultKinds.map((kind) =>
    [1, 2, 3].map((harmonic) => names.indexOf(`${bearingFaults[kind].order}.h${harmonic}`)),
  );
  const summary = createSummary(path, bundle.manifest, chooseSeverityScale(bundle.manifest, null));
  let means = [0, 0, 0];
  let count = 0;
  const hear = async (by: LoadedBundle, take: (scored: AnsweredWindow) => void): Promise<void> => {
    means = [0, 0, 0];
    count = 0;
    for await (const scored of scoreWindows(by, recording, { onQuarantine: summary.setAside })) {
      take(scored);
      count++;
      for (const [index, lines] of columns.entries()) {
        for (const column of lines) means[index]! += scored.window.features[column]! / 3;
      }
    }
  };
  await hear(own, (scored) => summary.update(scored, own !== bundle));
  const windows = count;
  if (windows === 0) throw new Error(`no window of ${path}`);
  if (own === bundle && windows < fewWindows) await hear(withOverlappingWindows(bundle), summary.overlap);
  const { faultProbability, probabilities } = summary.summarise();
  const modes = Object.values(probabilities).map((value) => value!);
  const levels = means.map((sum) => sum / count);
  const margins = levels.map(
    (level, index) => level - Math.max(...levels.filter((_, other) => other !== index)),
  );
  return {
    windows,
    student: [faultProbability!, ...modes, Math.max(...modes)],
    physics: [Math.max(...levels), ...margins],
  };
}
