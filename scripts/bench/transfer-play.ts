/** Plays a rig of a family to a bundle: its recordings ranked, decided as of an unknown machine, and against its own reference. */
import { openRecording } from "../../src/cli/score/recordings/open-recording.ts";
import { createReplayedGateway } from "../../src/cli/score/replay/replayed-gateway.ts";
import type { LoadedBundle } from "../../src/core/serving/loaded-bundle.ts";
import { decideUnknown, type HeardWindow, hearRecording, learnMachine } from "./transfer-alarms.ts";
import {
  drawRigBearing,
  type RigFamily,
  type RigFaults,
  type RigRecording,
  recordHealthyRig,
  recordRig,
} from "./transfer-rig.ts";
import { scoreForRanking } from "./transfer-scores.ts";
import type { DecidedRecording, RigOutcome } from "./transfer-tables.ts";

/** A rig learns its healthy self from so many windows, of two recordings at least. */
const learntWindows = 12;
const fewestTakes = 2;

const gateway = createReplayedGateway();

async function open(bundle: LoadedBundle, family: RigFamily, { samples, bearing }: RigRecording) {
  const file = {
    path: family.name,
    isCounts: false,
    async *pieces() {
      for (let at = 0; at < samples.length; at += 8192) yield samples.subarray(at, at + 8192);
    },
  };
  const { rateHz, shaftRpm } = family;
  return openRecording(bundle, file, { rateHz, shaftRpm, bearing, scale: null });
}

/** Windows of healthy recordings, as many as it takes, none of which is decided. */
async function hearHealthySelf(
  bundle: LoadedBundle,
  family: RigFamily,
  seed: number,
): Promise<HeardWindow[]> {
  const windows: HeardWindow[] = [];
  for (let take = 1; take <= fewestTakes || windows.length < learntWindows; take++) {
    const recording = recordHealthyRig(family, seed, take);
    windows.push(...(await hearRecording(bundle, await open(bundle, family, recording))));
  }
  return windows;
}

/** Plays rig number `seed`, a recording for each of `cases`. */
export async function playRig(
  bundle: LoadedBundle,
  family: RigFamily,
  { seed, cases }: { readonly seed: number; readonly cases: readonly RigFaults[] },
): Promise<RigOutcome> {
  const bearing = drawRigBearing(seed);
  const machine = learnMachine(bundle, { gateway, bearing }, await hearHealthySelf(bundle, family, seed));
  const recordings: DecidedRecording[] = [];
  for (const recording of recordRig(family, seed, cases)) {
    const opened = await open(bundle, family, recording);
    const windows = await hearRecording(bundle, opened);
    recordings.push({
      faults: recording.faults,
      scores: await scoreForRanking(bundle, opened, (family.seconds * family.shaftRpm) / 60),
      unknown: decideUnknown(bundle, bearing, windows),
      own: machine.decide(windows),
      windows,
    });
  }
  const { hasReference, raised } = machine;
  return { seed, hasReference, raisedLearning: raised, recordings };
}
