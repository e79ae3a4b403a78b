/**
 * What a gateway would raise of recordings of invented rigs: their windows as its measuring points cut and score them, told
 * to its own watch, by times that a recording of seconds does not have. A snapshot that is shorter than a window is one of
 * its own, pooled with no other.
 */
import type { OpenedRecording } from "../../src/cli/score/recordings/open-recording.ts";
import { readSampleBlocks } from "../../src/cli/score/recordings/sample-blocks.ts";
import type { ReplayedGateway } from "../../src/cli/score/replay/replayed-gateway.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import type { FeatureWindow } from "../../src/core/contract/stream.ts";
import { createPointWatch, type PointWatch } from "../../src/core/decision/point-watch.ts";
import { provisionalWindows } from "../../src/core/decision/reference/baseline-learner.ts";
import { createForeignModeFinder } from "../../src/core/explain/foreign-modes.ts";
import { createWaveformIngest } from "../../src/core/ingest/waveform-ingest.ts";
import { hourMs, minuteMs } from "../../src/core/maths/durations.ts";
import type { LoadedBundle, StudentOutput } from "../../src/core/serving/loaded-bundle.ts";
import { selectWatchParts } from "../../src/core/serving/select-watch-parts.ts";
import { createWindowCutter } from "../../src/core/serving/window-cutter.ts";
import { decideLooped } from "../../src/training/recipes/bearing/judge/held-out-figures.ts";

/** A window as a gateway hears it. */
export interface HeardWindow {
  readonly window: FeatureWindow;
  /** Failure modes for which nothing but electrical hum speaks. */
  readonly foreignModes: readonly string[];
  readonly output: StudentOutput;
}

const point = { site: "rig", turbine: "rig", component: "bearing" };

/** Cuts and scores a recording, in both bands where there are two. */
export async function hearRecording(
  bundle: LoadedBundle,
  recording: OpenedRecording,
): Promise<HeardWindow[]> {
  const { contract, sidecar } = recording;
  const windows: FeatureWindow[] = [];
  const cutter = createWindowCutter({ point, bearing: sidecar.bearing, bundle, onQuarantine: () => {} });
  const ingest = createWaveformIngest({
    contractOf: () => contract,
    sink: { quarantine: () => {}, schemaDrift: () => {} },
  });
  for await (const { block, broken } of readSampleBlocks(recording)) {
    if (broken !== null || !ingest.accept(block)) continue;
    for (const { window } of cutter.accept(block)) windows.push(window);
  }
  for (const { window } of cutter.pause("the recording is over")) windows.push(window);
  cutter.close();
  const findForeignModes = createForeignModeFinder(bundle.manifest, sidecar.bearing);
  return Promise.all(
    windows.map(async (window) => ({
      window,
      foreignModes: findForeignModes(window),
      output: await bundle.score(window),
    })),
  );
}

/** The mode that is raised where nobody knows the machine, the recording told thrice within minutes; null: none. */
export function decideUnknown(
  { manifest, ref }: LoadedBundle,
  bearing: BearingOrders,
  windows: readonly HeardWindow[],
): string | null {
  const logits = Float32Array.from(windows.flatMap(({ output }) => Array.from(output.logits)));
  return decideLooped(logits, {
    failureModes: manifest.outputs.map(({ failureMode }) => failureMode),
    calibration: manifest.calibration,
    healthy: manifest.baseline?.healthy,
    foreignModes: windows.map(({ foreignModes }) => foreignModes),
    coinciding: selectWatchParts(manifest, ref, bearing).coinciding ?? [],
  });
}

/** As often comes a window once a machine is known, ms. */
const stepMs = minuteMs;
/** So long is a recording told to a machine that knows itself, ms. */
const toldMs = 3 * hourMs;
/** A machine that has no reference by then gets none. */
const mostLearnt = 4 * provisionalWindows;

/** A machine that was told its healthy self. */
export interface LearntMachine {
  /** False: what it was told looked faulty or never steady. */
  readonly hasReference: boolean;
  /** What it raised meanwhile; null: nothing. */
  readonly raised: string | null;
  /** The mode that it raises on a recording told in a loop; null: none. Each time from where its learning ended. */
  decide(windows: readonly HeardWindow[]): string | null;
}

/** Tells a new machine its healthy self, in a loop, until it has a (provisional) reference of its own. */
export function learnMachine(
  bundle: LoadedBundle,
  { gateway, bearing }: { readonly gateway: ReplayedGateway; readonly bearing: BearingOrders },
  healthy: readonly HeardWindow[],
): LearntMachine {
  const open = (snapshot?: ReturnType<PointWatch["snapshot"]>): PointWatch => {
    const { minWindows, minHours } = gateway.commissioning;
    const { falsePerTurbineYear: falsePerYear, faultPrior } = gateway.alarms;
    const options = { epoch: 0, minWindows, minDurationMs: minHours * hourMs, falsePerYear, faultPrior };
    const parts = selectWatchParts(bundle.manifest, bundle.ref, bearing);
    return createPointWatch({ point, parts, options, ...(snapshot === undefined ? {} : { snapshot }) });
  };
  const learning = open();
  let told = 0;
  while (told < mostLearnt && learning.status?.state !== "ready") tell(learning, healthy, told++);
  const raised = learning.active[0]?.failureMode ?? null;
  const learnt = learning.snapshot();
  return {
    hasReference: learning.status?.state === "ready",
    raised,
    decide: (windows) => {
      const watch = open(learnt);
      for (let at = told; (at - told) * stepMs < toldMs; at++) {
        tell(watch, windows, at);
        const [first] = watch.active;
        if (first !== undefined) return first.failureMode;
      }
      return null;
    },
  };
}

/** Window number `at` of a machine's life. */
function tell(watch: PointWatch, windows: readonly HeardWindow[], at: number): void {
  const { window, foreignModes, output } = windows[at % windows.length]!;
  const { levels, shaftRpm, features } = window;
  watch.update({
    levels,
    shaftRpm,
    features,
    foreignModes,
    prediction: {
      point,
      windowId: `${at}`,
      fromMs: at * stepMs,
      toMs: at * stepMs + window.toMs - window.fromMs,
      quantised: output.quantised,
      logits: output.logits,
      model: watch.model,
      operatingState: "full-performance",
    },
  });
}
