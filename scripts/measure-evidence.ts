/**
 * Prints which lines the physical evidence finds, on simulated turbines and on the recordings of the CWRU rig: `npx tsx
 * scripts/measure-evidence.ts`. Figures of `src/adr/0033-an-alert-states-its-physical-evidence.md`. Ten windows each, by
 * the newest bundle's features; no student is asked. The rig's recordings are read from AURORA_DATA or `../shared/data`,
 * and left out where they are missing.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBundle } from "../src/core/bundle/verify-bundle.ts";
import { faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import { describeEvidence } from "../src/core/explain/physical-evidence.ts";
import { findNewestVersion } from "../src/core/serving/served-models.ts";
import { planScenario } from "../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../src/core/simulate/turbine-simulation.ts";
import type { RecordedSignal } from "../src/training/dataset/recordings/recording-set.ts";
import { extractRows } from "../src/training/learn/extract-rows.ts";
import { dataFolder } from "../test/support/data-folder.ts";
import { openCwruRecordings } from "./cwru-recordings.ts";
import { readOptions } from "./suite-options.ts";

readOptions({
  command: "npx tsx scripts/measure-evidence.ts",
  does: "Which lines the physical evidence finds, on simulated turbines and on recordings of the CWRU rig.",
  options: {},
});
const windowsOfEvidence = 10;
const { manifest } = await readBundle(await findNewestVersion("models", "bearing-vibration"));
const columns = manifest.features.list.length;

interface Tally {
  recordings: number;
  harmonics: number;
  withHarmonic: number;
  withSideBand: number;
  objections: number;
}
const tallies = new Map<string, Tally>();

function count(group: string, signal: RecordedSignal, failureMode: string): void {
  const { rows, features } = extractRows(signal, manifest.window, manifest.features);
  const windows = Array.from({ length: Math.min(windowsOfEvidence, rows) }, (_, row) => ({
    features: features.subarray(row * columns, (row + 1) * columns),
    shaftRpm: signal.shaftRpm,
  }));
  const { bearing } = signal;
  const evidence = describeEvidence({ ...manifest, failureMode, bearing }, windows);
  if (evidence === null) return;
  const key = `${group}, looked at for ${failureMode}`;
  const tally = tallies.get(key) ?? {
    recordings: 0,
    harmonics: 0,
    withHarmonic: 0,
    withSideBand: 0,
    objections: 0,
  };
  tallies.set(key, tally);
  tally.recordings++;
  tally.harmonics += evidence.harmonics.found;
  if (evidence.harmonics.found > 0) tally.withHarmonic++;
  if (evidence.sideBands.found > 0) tally.withSideBand++;
  tally.objections += evidence.against.length;
}

for (let seed = 1; seed <= 20; seed++) {
  for (const kind of [null, ...faultKinds]) {
    const fault =
      kind === null ? "none" : { ...planScenario(seed, { kind, turbine: 0 }), onsetS: 0, growthS: 0 };
    const simulation = createTurbineSimulation({ seed, turbines: 1, fault, meanWindMetresPerSecond: 10 });
    const { counts, shaftRpm } = simulation.nextBlock(0, 14 * simulation.sampleRateHz);
    const { scale, sampleRateHz } = simulation;
    const signal = { counts, scale, sampleRateHz, shaftRpm, bearing: simulation.turbines[0]!.orders };
    if (kind === null) for (const each of faultKinds) count("simulated, healthy", signal, each);
    else count("simulated, faulty", signal, kind);
  }
}
if (existsSync(join(dataFolder, "cwru"))) {
  const recordings = await openCwruRecordings(dataFolder);
  for (const entry of recordings.entries) {
    // Only the rig without any fault, and the end that carries one.
    if (entry.label === "faulty" || (entry.label === "healthy" && entry.machine !== "normal")) continue;
    const signal = await recordings.read(entry);
    if (entry.label === "healthy") for (const each of faultKinds) count("rig, normal", signal, each);
    else count("rig, faulty", signal, entry.label);
  }
} else console.log(`no recordings in ${dataFolder}/cwru`);

for (const [key, { recordings, harmonics, withHarmonic, withSideBand, objections }] of [...tallies].sort()) {
  const mean = (value: number): string => (value / recordings).toFixed(2);
  console.log(
    `${key.padEnd(48)} ${recordings} recordings: a harmonic found in ${withHarmonic}, ${mean(harmonics)} of 3 on average, side bands in ${withSideBand}, ${mean(objections)} objections`,
  );
}
