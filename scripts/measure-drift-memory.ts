/**
 * What the gateway's own watch for drift holds in memory, kB a point, after so many days of the shipped bearing bundle's columns, and
 * what the end of a day costs.
 * `node --expose-gc --import tsx scripts/measure-drift-memory.ts`
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeReference } from "../src/core/drift/reference-codec.ts";
import { dayMs, hourMs } from "../src/core/maths/durations.ts";
import { createRandom } from "../src/core/maths/random.ts";
import { packageRoot } from "../src/core/platform/files/package-root.ts";
import { silentLogger } from "../src/core/platform/logger.ts";
import { createDriftPost } from "../src/gateway/points/drift-post.ts";
import { createDriftReporter } from "../src/gateway/record/drift-reporter.ts";
import { readOptions } from "./suite-options.ts";

const points = 32;
const windowsPerDay = 24;
const told = [1, 14, 30, 60, 90];

readOptions({
  command: "node --expose-gc --import tsx scripts/measure-drift-memory.ts",
  does: "What a gateway's own watch for drift holds in memory, and what the end of a day costs.",
  options: {},
});
const collect = globalThis.gc;
if (collect === undefined) throw new Error("start it with --expose-gc");
const reference = decodeReference(
  await readFile(join(packageRoot(), "models", "bearing-vibration", "1.0.0", "reference.pb")),
);
const ref = { name: "bearing-vibration", version: "1.0.0", digest: "shipped" };
const model = { ref, reference, isNormalBehaviour: false, scoringDigest: "" };
const count = (role: string): number => reference.features.filter((feature) => feature.role === role).length;
const { featureCount } = reference;
const [scores, levels] = [count("score"), count("level")];
const random = createRandom(1);
let nowMs = Date.UTC(2026, 0, 1);
const kept = new Map<string, number>();
let [workMs, longestStepMs] = [0, 0];
const post = createDriftPost({
  rules: { periodMs: dayMs, falsePerDay: 0.001, learnDays: 14 },
  points: [],
  modelOf: () => model,
  epochOf: () => 0,
  isClockConfirmed: () => true,
  // As the state store, which holds nothing that its owner can say again.
  state: {
    get: () => null,
    keys: () => [],
    set: () => true,
    setAll: () => true,
    setDescribed: (entries) => {
      for (const [key, text] of Object.entries(entries)) kept.set(key, text?.length ?? 0);
      return true;
    },
    release: () => {},
    isWritten: true,
  },
  clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
  logger: silentLogger,
  onEvent: () => {},
  run: (work) => {
    for (let isDone = false; !isDone; ) {
      const beganMs = performance.now();
      isDone = work.next().done === true;
      const tookMs = performance.now() - beganMs;
      workMs += tookMs;
      longestStepMs = Math.max(longestStepMs, tookMs);
    }
  },
});
const reporter = createDriftReporter(hourMs, (report) => post.take(report));

function readHeapKb(): number {
  collect!();
  collect!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1024;
}

const before = readHeapKb();
for (let day = 1; day <= told.at(-1)!; day++) {
  [workMs, longestStepMs] = [0, 0];
  for (let window = 0; window < windowsPerDay; window++) {
    nowMs += dayMs / windowsPerDay;
    for (let point = 0; point < points; point++) {
      reporter.add({ site: "s", turbine: `WT${point}`, component: "generator-bearing" }, model, {
        toMs: nowMs,
        shaftRpm: 900 + 300 * Math.sin(nowMs / 3e7 + point),
        features: Float32Array.from({ length: featureCount }, () => random.normal()),
        scores: Float64Array.from({ length: scores }, () => random.normal()),
        levels: Float32Array.from({ length: levels }, () => random.normal() - 30),
      });
    }
    post.tick();
  }
  if (!told.includes(day)) continue;
  const bytesOnDisk = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
  const heldKb = (readHeapKb() - before) / points;
  process.stdout.write(
    `${day} days: ${heldKb.toFixed(0)} kB a point, ${(bytesOnDisk / points / 1024).toFixed(0)} kB of text on the disk; a day's end takes ${(workMs / points).toFixed(1)} ms a point, in steps of at most ${longestStepMs.toFixed(1)} ms\n`,
  );
}
