/**
 * Prints how well the zero-parameter physics score tells the simulated faults apart, window by window:
 * `npx tsx scripts/bench-separation.ts [severity|plan] [sampleRateHz]`. A figure about the simulator, for judging
 * how hard it is; nothing is trained or tuned here.
 */
import { bearingFaults, type FaultKind, faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import { createWaveformExtractor } from "../src/core/features/waveform-extractor.ts";
import { planScenario } from "../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../src/core/simulate/turbine-simulation.ts";
import { createRevolutionWindower } from "../src/core/window/revolution-windower.ts";
import { computeAuroc } from "../src/training/judge/metrics.ts";
import { shippedFeatureSpec, shippedWindow } from "./bearing-feature-spec.ts";
import { readOptions } from "./suite-options.ts";

const seeds = 20;
const secondsPerSeed = 30;
const blockSamples = 480;

const { positionals } = readOptions({
  command: "npx tsx scripts/bench-separation.ts",
  does: "How well the physics score tells the simulated faults apart, window by window.",
  words: { SEVERITY: "of the fault, or plan (plan)", RATE: "sampling rate in Hz (12000)" },
  options: {},
});
const [severity = "plan", rate = "12000"] = positionals;
const sampleRateHz = Number(rate);

/** Physics scores of every window of one turbine, one a fault kind. */
function scoreTurbine(seed: number, kind: FaultKind | "none"): number[][] {
  const finalSeverity =
    severity === "plan" && kind !== "none"
      ? planScenario(seed, { turbines: 1, kind }).finalSeverity
      : Number(severity);
  const fault = kind === "none" ? kind : { turbine: 0, kind, onsetS: 0, growthS: 0, finalSeverity };
  const simulation = createTurbineSimulation({ seed, turbines: 1, fault, sampleRateHz });
  const bearing = simulation.turbines[0]!.orders;
  const extractor = createWaveformExtractor(shippedFeatureSpec);
  const columns = faultKinds.map((own) =>
    [1, 2, 3].map((harmonic) => extractor.featureNames.indexOf(`${bearingFaults[own].order}.h${harmonic}`)),
  );
  if (columns.flat().includes(-1)) throw new Error("the feature list has no harmonics of the fault orders");
  const row = new Float32Array(extractor.featureNames.length);
  const scores: number[][] = [];
  const windower = createRevolutionWindower(shippedWindow, {
    begin: (_slot, start) => extractor.begin({ ...start, bearing }),
    push: (_slot, run) => extractor.push(run),
    end: () => {
      extractor.finish(row, 0);
      const means = columns.map((own) => own.reduce((sum, column) => sum + row[column]! / own.length, 0));
      scores.push(
        means.map((mean, index) => mean - Math.max(...means.filter((_, other) => other !== index))),
      );
    },
    abandon: () => {},
    refuse: () => {},
  });
  for (let sample = 0; sample < secondsPerSeed * sampleRateHz; sample += blockSamples) {
    const { counts, shaftRpm } = simulation.nextBlock(0, blockSamples);
    windower.accept({
      deviceId: "simulated",
      channel: "accel-de",
      unit: "g",
      timestampMs: (sample / sampleRateHz) * 1000,
      firstSample: sample,
      sampleRateHz,
      scale: simulation.scale,
      shaftRpm,
      counts,
    });
  }
  return scores;
}

/** How surely windows of a fault score above others. */
function separate(faulty: readonly number[], others: readonly number[]): number {
  return computeAuroc([...faulty, ...others], [...faulty.map(() => 1), ...others.map(() => 0)]);
}

const all = new Map<FaultKind | "none", number[][]>();
for (const kind of ["none", ...faultKinds] as const) {
  const windows: number[][] = [];
  for (let seed = 1; seed <= seeds; seed++) windows.push(...scoreTurbine(seed, kind));
  all.set(kind, windows);
}
console.log(`severity ${severity}, ${sampleRateHz} Hz, ${seeds} seeds of ${secondsPerSeed} s each`);
for (const [index, kind] of faultKinds.entries()) {
  const of = (label: FaultKind | "none"): number[] => all.get(label)!.map((scores) => scores[index]!);
  const others = (["none", ...faultKinds] as const).filter((label) => label !== kind);
  const own = of(kind);
  const median = own.toSorted((left, right) => left - right)[own.length >> 1]!;
  console.log(
    `${kind}: AUROC against all else ${separate(own, others.flatMap(of)).toFixed(4)}, ` +
      `against healthy ${separate(own, of("none")).toFixed(4)}, median score ${median.toFixed(2)}, ${own.length} windows`,
  );
}
