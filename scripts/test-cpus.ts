/**
 * `npm run test:cpus [-- --json] [--inputs N] [--quick] [--rates]`: whether one arithmetic holds on every CPU. Runs the shipped bundles'
 * golden vectors and at least 100,000 random inputs on Cortex-M0, M3, M4 and M7 (the C engine in QEMU) and, with ONNX
 * Runtime and the TypeScript engine, on this machine, on x86 without VNNI and on ARM. Plays a stream through the gateway's code on x86
 * and on ARM, of which every feature, level, score and decision must have this machine's bits, counts its instructions a sample and
 * estimates a Raspberry Pi 4's load; with `--quick` of a quarter of the stream, in which more of what is counted is compiling; with
 * `--rates` (two minutes) also counts at three sampling rates on x86, when most is compiled.
 * Ends with one JSON object
 * `{cases, violations, cpus, skipped, instructions}`; exit code 1 when one integer or bit differs.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serialize } from "node:v8";
import { createRandom } from "../src/core/maths/random.ts";
import { buildCheckProgram } from "./mcu/check-program.ts";
import { createCoreCases } from "./mcu/core-cases.ts";
import { createGoldenCase, createRandomCases } from "./mcu/cpu-cases.ts";
import { armCpu, type ForeignCpu, nativeCpu, x86Cpu } from "./mcu/foreign-cpu.ts";
import {
  createInstructionCounter,
  estimatePi4,
  type InstructionCount,
  piLoad,
  piStream,
  quickStream,
} from "./mcu/instructions-per-sample.ts";
import { createRequantiseCases } from "./mcu/requantise-cases.ts";
import { readShippedModels } from "./mcu/shipped-models.ts";
import { type CoreName, coreNames, cores, findMissingPackages } from "./mcu/toolchain.ts";
import { saySkipped } from "./say-skipped.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { createSay, jsonOption, readOptions, readWholeNumber, refuseWrong } from "./suite-options.ts";

/** What one CPU gave. */
interface CpuReport {
  readonly cases: number;
  readonly violations: number;
  /** Whether the CPU adds products of 8-bit weights exactly too; where not, 7 bits are what saves us. */
  readonly eightBitExact?: boolean;
  readonly seconds: number;
}

const { values } = readOptions({
  command: "npm run test:cpus",
  does: "Whether one arithmetic holds on every CPU, and what it costs there.",
  options: {
    json: jsonOption,
    inputs: { type: "string", default: "100000", value: "N", means: "random inputs of a student (100000)" },
    quick: {
      type: "boolean",
      default: false,
      means: "a quarter of the stream whose instructions are counted",
    },
    rates: {
      type: "boolean",
      default: false,
      means: "also instructions at three sampling rates, two minutes",
    },
  },
});
const { json } = values;
const say = createSay(values);
const inputs = refuseWrong(() => readWholeNumber("inputs", values.inputs));
const requantisations = 100_000;
const cpus: Record<string, CpuReport> = {};
const skipped: Record<string, string> = {};

const models = await readShippedModels();
const cases = [...models.map(createGoldenCase), ...createRandomCases(20_261_120, inputs)];
const missing = findMissingPackages();
for (const core of coreNames) {
  const name = `cortex-${core}`;
  if (missing.length > 0) skip(name, `the Debian packages ${missing.join(", ")}`);
  else report(name, () => tryCore(core));
}
const scratch = createScratchFolder("cpus");
try {
  const file = join(scratch.path, "cases");
  writeFileSync(file, serialize(cases));
  for (const cpu of [
    nativeCpu(),
    x86Cpu("Haswell"),
    x86Cpu("Nehalem"),
    armCpu("cortex-a53"),
    armCpu("cortex-a72"),
  ]) {
    tryForeign(cpu, file);
  }
} finally {
  scratch.remove();
}
const instructions = {
  ...countInstructions(),
  ...(values.rates ? { byRate: countByRate() } : {}),
};
const total = Object.values(cpus).reduce((sum, one) => sum + one.cases, 0);
const violations = Object.values(cpus).reduce((sum, one) => sum + one.violations, 0);
const shipped = models.map(({ id, golden, mcuModel, isShipped }) => ({
  id,
  golden: golden.cases.length,
  mcuModel: mcuModel === null ? "too wide" : isShipped ? "shipped" : "made from the bundle",
}));
if (json)
  process.stdout.write(
    `${JSON.stringify({ cases: total, violations, cpus, skipped, instructions, bundles: shipped })}\n`,
  );
else say(`${total} cases, ${violations} violations`);
process.exitCode = violations > 0 || total === 0 ? 1 : 0;

/** The C engine on a core: rows, requantisations at every corner, golden windows from counts to logits. */
function tryCore(core: CoreName): Omit<CpuReport, "seconds"> {
  const program = buildCheckProgram(core);
  try {
    const { input, count } = createCoreCases({
      cases,
      corners: createRequantiseCases(createRandom(7), requantisations),
      models: cores[core].features ? models : [],
      maxModelBytes: cores[core].checkModelBytes,
    });
    return count(program.run(input));
  } finally {
    program.close();
  }
}

function tryForeign(cpu: ForeignCpu, file: string): void {
  try {
    const prepared = cpu.prepare();
    if ("missing" in prepared) {
      skip(cpu.name, prepared.missing);
      return;
    }
    report(cpu.name, () => {
      const child = join(import.meta.dirname, "mcu", "cpu-child.js");
      const [command, ...args] = [...prepared.command, child, file];
      const run = spawnSync(command!, args, { encoding: "utf8" });
      if (run.status !== 0) {
        throw new Error(`${cpu.name}: the check ended with ${run.status ?? run.signal}\n${run.stderr}`);
      }
      return JSON.parse(run.stdout) as Omit<CpuReport, "seconds">;
    });
  } finally {
    cpu.close();
  }
}

/** Instructions a sample by sampling rate. */
function countByRate(): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const sampleRateHz of [10_000, 25_600, 51_200]) {
    const counter = createInstructionCounter({ sampleRateHz, shortSeconds: 240, longSeconds: 480 });
    const counted = "missing" in counter ? counter : counter.count(x86Cpu("max"));
    if (!("missing" in counter)) counter.close();
    if ("missing" in counted) {
      skip(`instructions at ${sampleRateHz} Hz`, counted.missing);
      continue;
    }
    counts[sampleRateHz] = Math.round(counted.instructionsPerSample);
    say(`x86 max        ${counts[sampleRateHz]} instructions a sample at ${sampleRateHz} Hz, compiled`);
  }
  return counts;
}

/** Instructions a sample by CPU, and what a Raspberry Pi 4 would have to do by those of its CPU. */
function countInstructions(): Readonly<Record<string, unknown>> {
  const counter = createInstructionCounter(values.quick ? quickStream : piStream);
  if ("missing" in counter) {
    skip("instructions", counter.missing);
    return {};
  }
  const counts: Record<string, InstructionCount> = {};
  try {
    for (const cpu of [x86Cpu("max"), armCpu("cortex-a72")]) {
      const counted = counter.count(cpu);
      if ("missing" in counted) {
        skip(`instructions ${cpu.name}`, counted.missing);
        continue;
      }
      counts[cpu.name] = counted;
      const each = Math.round(counted.instructionsPerSample);
      say(`${cpu.name.padEnd(14)} ${each} instructions a sample at ${piLoad.sampleRateHz} Hz`);
      // Every feature, level, score and decision of a stream, to the last bit.
      report(`gateway ${cpu.name}`, () => ({ cases: counted.decided, violations: counted.differing }));
    }
  } finally {
    counter.close();
  }
  const arm = counts["cortex-a72"];
  if (arm === undefined) return counts;
  const { coreShare, how } = estimatePi4(arm);
  say(`Raspberry Pi 4 ${Math.round(100 * coreShare)} % of one core, estimated: ${how}`);
  return { ...counts, pi4: { coreShare, how } };
}

function report(name: string, run: () => Omit<CpuReport, "seconds">): void {
  const before = performance.now();
  const result = run();
  const seconds = Math.round((performance.now() - before) / 100) / 10;
  cpus[name] = { ...result, seconds };
  say(`${name.padEnd(14)} ${result.cases} cases, ${result.violations} violations, ${seconds} s`);
}

function skip(name: string, why: string): void {
  skipped[name] = why;
  saySkipped(name, `needs ${why}`);
}
