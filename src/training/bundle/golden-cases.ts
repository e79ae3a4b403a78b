/**
 * The golden vectors of a bundle: random inputs on the student's own integer grid, and raw windows of the seeded
 * simulator, with the features, logits and explanations that every device must reproduce. Never a recorded window.
 */
import type { GoldenCase, GoldenOutcome } from "../../core/bundle/golden.ts";
import type { GoldenWindow } from "../../core/bundle/golden-window.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type FaultKind, faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import type { Scaler, WindowSpec } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { decodeBackground } from "../../core/explain/background.ts";
import { groupFeatures } from "../../core/explain/coalition-plan.ts";
import { createIntegerKernel } from "../../core/inference/integer-engine.ts";
import type { Random } from "../../core/maths/random.ts";
import { planScenario } from "../../core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import { createRevolutionWindower } from "../../core/window/revolution-windower.ts";
import { extractRows } from "../learn/extract-rows.ts";
import { standardiseRows } from "../learn/fit-scaler.ts";
import { explainRow } from "./explain-row.ts";

/** What the cases are made for. */
interface GoldenSubject {
  readonly spec: FeatureSpec;
  readonly window: WindowSpec;
  readonly groups: readonly string[];
  readonly scaler: Scaler;
  readonly student: QuantisedMlp;
  /** Bytes of `background.bin`: what a device decodes from them is rounded, and shares are compared to the bit. */
  readonly background: Uint8Array;
}

interface Scene {
  readonly fault: FaultKind | null;
  readonly sampleRateHz: number;
}

/**
 * What the windows show. Each brings its samples into the bundle (about 2 kB a thousand), so they are few: every kind
 * of fault at the usual rate, and one at a rate that has to be decimated.
 */
const scenes: readonly Scene[] = [
  { fault: null, sampleRateHz: 12_000 },
  ...faultKinds.map((fault) => ({ fault, sampleRateHz: 12_000 })),
  { fault: "outer-race", sampleRateHz: 48_000 },
];

/** Makes `randomCases` random ones, and a window of every scene where windows are cut by the shaft's revolutions. */
export function createGoldenCases(subject: GoldenSubject, randomCases: number, random: Random): GoldenCase[] {
  const { spec, student, scaler } = subject;
  const columns = spec.list.length;
  const kernel = createIntegerKernel(student);
  const parts = {
    kernel,
    background: decodeBackground(subject.background),
    groups: groupFeatures(spec, subject.groups),
  };
  const run = (standardised: Float32Array): GoldenOutcome => {
    const logits = new Uint8Array(kernel.outputs);
    kernel.runInto(standardised, 1, logits);
    return { standardised, logits, shares: explainRow(standardised, parts).shares };
  };
  const cases: GoldenCase[] = [];
  for (let index = 0; index < randomCases; index++) {
    // Whole steps of the input grid, half of them beyond its ends now and then, where saturation must agree too.
    const standardised = Float32Array.from({ length: columns }, () => {
      const step = random.integer(256 + 64) - 32 - student.inputZeroPoint;
      return Math.fround(step * student.inputScale);
    });
    cases.push({ kind: "random", ...run(standardised) });
  }
  const shown = subject.window.unit === "revolutions" ? scenes : [];
  for (const scene of shown) {
    const window = simulateWindow(random.integer(2 ** 31), scene, subject.window);
    const { rows, features } = extractRows(window, subject.window, spec);
    if (rows !== 1)
      throw unusable(`a simulated window of ${scene.fault ?? "no"} fault gave ${rows} feature rows`);
    cases.push({ kind: "window", window, features, ...run(standardiseRows(features, 1, scaler)) });
  }
  return cases;
}

/** The first window that serving would cut from a turbine which is healthy, or whose fault is fully developed. */
function simulateWindow(seed: number, { fault: kind, sampleRateHz }: Scene, spec: WindowSpec): GoldenWindow {
  const simulation = createTurbineSimulation({
    seed,
    turbines: 1,
    sampleRateHz,
    meanWindMetresPerSecond: 9,
    fault: kind === null ? "none" : { ...planScenario(seed, { turbines: 1, kind }), onsetS: 0, growthS: 0 },
  });
  // One second to know the speed by; then a window and a twentieth, in which the speed hardly moves.
  const { shaftRpm: speedRpm } = simulation.nextBlock(0, sampleRateHz);
  const samples = Math.ceil(1.05 * spec.length * (60 / speedRpm) * sampleRateHz);
  const { counts, shaftRpm } = simulation.nextBlock(0, samples);
  const length = measureFirstWindow({ counts, sampleRateHz, shaftRpm }, spec);
  if (length === null) throw unusable(`${samples} simulated samples at ${shaftRpm} rpm hold no whole window`);
  const { scale, turbines } = simulation;
  return { sampleRateHz, shaftRpm, bearing: turbines[0]!.orders, scale, counts: counts.slice(0, length) };
}

/** Samples of the window that begins with the first of `counts`; null when it does not end among them. */
function measureFirstWindow(
  signal: Pick<GoldenWindow, "counts" | "sampleRateHz" | "shaftRpm">,
  spec: WindowSpec,
): number | null {
  let length: number | null = null;
  const windower = createRevolutionWindower(spec, {
    begin: () => {},
    push: () => {},
    end: (_slot, { samples }) => {
      length ??= samples;
    },
    abandon: () => {},
    refuse: () => {},
  });
  windower.accept({
    deviceId: "simulation",
    channel: "vibration",
    unit: "g",
    timestampMs: 0,
    firstSample: 0,
    scale: 1,
    ...signal,
  });
  return length;
}

function unusable(message: string): AuroraError {
  return new AuroraError("TRAINING", message, {
    op: "make golden vectors",
    hint: "the bundle's window or features do not suit the simulator",
  });
}
