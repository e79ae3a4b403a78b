/** Tells a gateway's own code, as `aurora score --decide` does, what bearings' recordings were. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { planReplay, type ReplayPlan } from "../../src/cli/score/replay/plan-replay.ts";
import type { PointReport } from "../../src/cli/score/replay/point-history.ts";
import { readManifest } from "../../src/cli/score/replay/replay-manifest.ts";
import { replayRecordings } from "../../src/cli/score/replay/replay-recordings.ts";
import { createReplayedGateway } from "../../src/cli/score/replay/replayed-gateway.ts";
import { createDescriber } from "../../src/cli/score/sidecar/sidecar-options.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";
import { createScratchFolder } from "../scratch-folder.ts";

/** Files for `--input` and a document for `--manifest`. */
export interface LifeSet {
  readonly files: readonly string[];
  readonly manifest: object;
}

/** A gateway's `commissioning`; what is not said is as usual. */
export interface LifeCommissioning {
  readonly minWindows?: number;
  readonly minHours?: number;
}

/** Plans to tell all of it, by a manifest that is written to `folder`. */
export async function planLives({ files, manifest }: LifeSet, folder: string): Promise<ReplayPlan> {
  const path = join(folder, "manifest.json");
  await writeFile(path, JSON.stringify(manifest));
  return await planReplay({
    input: files,
    manifest: { path, entries: await readManifest(path) },
    points: [],
    course: null,
    describer: await createDescriber({}),
  });
}

/** What happened to each point. Throws where a recording cannot be read. */
export async function replayLives(
  bundle: LoadedBundle,
  set: LifeSet,
  commissioning: LifeCommissioning = {},
): Promise<readonly PointReport[]> {
  const scratch = createScratchFolder("lives");
  try {
    const { points, errors } = await replayRecordings(bundle, {
      plan: await planLives(set, scratch.path),
      gateway: createReplayedGateway({ commissioning }),
      addRows: () => Promise.resolve(),
      progress: () => {},
    });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return points;
  } finally {
    scratch.remove();
  }
}
