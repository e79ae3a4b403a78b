/**
 * Measures how fast the bearing feature list eats samples on one core: push + finish, without and with the windower; and
 * how fast the levels of its baseline do.
 * Run with `npx tsx scripts/bench-features.ts [sampling rate in Hz]`; counts CPU time of this process, not the wall's.
 */

import { bearingLevelSpec } from "../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor, type WaveformExtractor } from "../src/core/features/waveform-extractor.ts";
import { createWaveformIngest } from "../src/core/ingest/waveform-ingest.ts";
import { createRandom } from "../src/core/maths/random.ts";
import { createRevolutionWindower } from "../src/core/window/revolution-windower.ts";
import { shippedFeatureSpec, shippedWindow } from "./bearing-feature-spec.ts";
import { ownCpuSeconds } from "./bench/process-cpu.ts";
import { readOptions, readPositiveNumber, refuseWrong } from "./suite-options.ts";

const { positionals } = readOptions({
  command: "npx tsx scripts/bench-features.ts",
  does: "How fast the bearing features and the levels of its baseline eat samples on one core.",
  words: { RATE: "sampling rate in Hz (12000)" },
  options: {},
});
const sampleRateHz = refuseWrong(() => readPositiveNumber("RATE", positionals[0] ?? "12000"));
const shaftRpm = 1797;
const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
const blockLength = 512;
const random = createRandom(1);
const counts = Int16Array.from({ length: sampleRateHz * 20 }, () => Math.round(800 * random.normal()));
const blocks: Int16Array[] = [];
for (let from = 0; from + blockLength <= counts.length; from += blockLength) {
  blocks.push(counts.subarray(from, from + blockLength));
}

const extractor = createWaveformExtractor(shippedFeatureSpec);
const meter = createWaveformExtractor(bearingLevelSpec);
const features = new Float32Array(shippedFeatureSpec.list.length);
let windows = 0;

/** One window after the other, in blocks. */
function runExtractor(extractor: WaveformExtractor): number {
  const length = Math.floor((shippedWindow.length * 60 * sampleRateHz) / shaftRpm);
  let samples = 0;
  for (let start = 0; start + length <= counts.length; start += length) {
    extractor.begin({ sampleRateHz, bearing, shaftRpm });
    for (let from = start; from < start + length; from += blockLength) {
      const to = Math.min(from + blockLength, start + length);
      extractor.push({ counts, from, to, scale: 0.001, shaftRpm });
    }
    extractor.finish(features, 0);
    windows++;
    samples += length;
  }
  return samples;
}

const windower = createRevolutionWindower(shippedWindow, {
  begin: (_slot, start) =>
    extractor.begin({ sampleRateHz: start.sampleRateHz, bearing, shaftRpm: start.shaftRpm }),
  push: (_slot, run) => extractor.push(run),
  end: () => {
    extractor.finish(features, 0);
    windows++;
  },
  abandon: (_slot, quarantine) => {
    throw new Error(quarantine.detail);
  },
  refuse: (quarantine) => {
    throw new Error(quarantine.detail);
  },
});
const ingest = createWaveformIngest({
  contractOf: () => ({
    name: "acceleration",
    unit: "g",
    min: -100,
    max: 100,
    minRateHz: 1000,
    maxRateHz: 100_000,
    kind: "waveform",
    missing: "quarantine",
    stuckAfter: 100,
  }),
  sink: {
    quarantine: (quarantine) => {
      throw new Error(quarantine.detail);
    },
    schemaDrift: (drift) => {
      throw new Error(drift.change);
    },
  },
});
let firstSample = 0;

/** Ingest, windower and extractor on one endless stream. */
function runRooms(): number {
  for (const counts of blocks) {
    const block = {
      deviceId: "mcu",
      channel: "de",
      unit: "g",
      timestampMs: 1.7e12 + (firstSample * 1000) / sampleRateHz,
      firstSample,
      sampleRateHz,
      scale: 0.001,
      shaftRpm,
      counts,
    };
    if (ingest.accept(block)) windower.accept(block);
    firstSample += blockLength;
  }
  return blocks.length * blockLength;
}

/** Samples per second of CPU time over about two seconds, after half a second to warm up. */
function measure(run: () => number): { megasamplesPerSecond: number; windowsPerSecond: number } {
  const begin = ownCpuSeconds();
  while (ownCpuSeconds() - begin < 0.5) run();
  const start = ownCpuSeconds();
  windows = 0;
  let samples = 0;
  while (ownCpuSeconds() - start < 2) samples += run();
  const seconds = ownCpuSeconds() - start;
  return { megasamplesPerSecond: samples / seconds / 1e6, windowsPerSecond: windows / seconds };
}

const result = {
  sampleRateHz,
  features: shippedFeatureSpec.list.length,
  pushAndFinish: measure(() => runExtractor(extractor)),
  levels: measure(() => runExtractor(meter)),
  ingestWindowFeatures: measure(runRooms),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
