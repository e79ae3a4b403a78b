/**
 * What inference and features cost on each core: instructions counted by QEMU, cycles by the model of cycle-model.ts.
 * Nothing here was measured on silicon.
 */
import { join } from "node:path";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { mcuNeverRaises } from "../../src/core/inference/mcu-layout.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { CheckCommands, CheckResults } from "./check-commands.ts";
import { buildCheckProgram, type CheckProgram } from "./check-program.ts";
import { type CoreClock, walkCalls } from "./core-clock.ts";
import { createM4Clock } from "./cycle-model.ts";
import { createM7Clock } from "./cycle-model-m7.ts";
import { disassemble, findFunction } from "./program-trace.ts";
import { createRandomStudent } from "./random-student.ts";
import { readShippedModels } from "./shipped-models.ts";
import { type CoreName, coreNames, cores } from "./toolchain.ts";

/** One inference: the worst of a few random inputs to a random student. */
export interface InferenceCost {
  readonly core: CoreName;
  readonly student: string;
  readonly multiplyAdds: number;
  readonly instructions: number;
  /** Modelled, zero wait states; null on cores without a model. */
  readonly cycles: number | null;
}

/** The features of one golden window of the shipped bearing bundle. */
export interface FeatureCost {
  readonly core: CoreName;
  readonly sampleRateHz: number;
  readonly samples: number;
  readonly revolutions: number;
  /** Whole window, from the first sample to the last feature. */
  readonly instructions: number;
  /** Of them after the last sample: the spectrum and what is read from it. */
  readonly finishInstructions: number;
  /** Most stack in use at once, with that of the program that calls the features. */
  readonly stackBytes: number;
}

/** Students that costs are stated for: the limits', the published comparison's, and that of the shipped bundle. */
const costShapes: readonly (readonly number[])[] = [
  [64, 32, 16, 6],
  [32, 16, 4],
  [33, 24, 12, 3],
];
const inputsTried = 6;
/** Virtual nanoseconds of a SysTick on QEMU's MPS2 boards; an instruction takes one with `-icount shift=0`. */
const nanosecondsPerTick = 40;

/** Counts instructions and cycles of inference on all cores. Needs the packages of `findMissingPackages`. */
export function measureInference(): InferenceCost[] {
  return coreNames.flatMap((core) => {
    const program = buildCheckProgram(core);
    try {
      return costShapes.map((widths) => measureStudent(program, core, widths));
    } finally {
      program.close();
    }
  });
}

function measureStudent(program: CheckProgram, core: CoreName, widths: readonly number[]): InferenceCost {
  const random = createRandom(3);
  const outputs = widths[widths.length - 1]!;
  const file = encodeMcuModel({
    name: "cost",
    version: "1.0.0",
    student: createRandomStudent(random, widths),
    features: null,
    raiseAt: new Array<number>(outputs).fill(mcuNeverRaises),
  });
  const rows = Uint8Array.from({ length: inputsTried * widths[0]! }, () => random.integer(256));
  const scratch = createScratchFolder("trace");
  try {
    const traceFile = join(scratch.path, "trace");
    program.run(new CheckCommands().model(file).rows(rows, inputsTried).finish(), { traceFile });
    const counts = countCalls(program, core, traceFile);
    if (counts.length !== inputsTried)
      throw new Error(`${counts.length} of ${inputsTried} inferences in the trace`);
    return {
      core,
      student: widths.join("-"),
      multiplyAdds: widths.slice(1).reduce((sum, width, index) => sum + width * widths[index]!, 0),
      instructions: Math.max(...counts.map((count) => count.instructions)),
      cycles: core === "m0" ? null : Math.max(...counts.map((count) => count.cycles)),
    };
  } finally {
    scratch.remove();
  }
}

/** Every inference in a trace. */
function countCalls(
  program: CheckProgram,
  core: CoreName,
  traceFile: string,
): { instructions: number; cycles: number }[] {
  // Nothing is made of the M0's cycles.
  const clock: CoreClock = core === "m7" ? createM7Clock() : createM4Clock(core === "m3" ? "m3" : "m4");
  const counts: { instructions: number; cycles: number }[] = [];
  walkCalls({
    traceFile,
    code: disassemble(program.path),
    from: findFunction(program.path, "aurora_student_run")[0],
    begin: () => {
      clock.restart();
      counts.push({ instructions: 0, cycles: 0 });
    },
    visit: (now, next) => {
      const count = counts.at(-1)!;
      count.instructions++;
      count.cycles += clock.step(now, next);
    },
  });
  return counts;
}

/** Counts instructions of a feature window on cores that compute features. */
export async function measureFeatures(): Promise<FeatureCost[]> {
  const model = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration");
  if (model === undefined || model.mcuModel === null) throw new Error("no bearing bundle to measure");
  const { mcuModel, manifest, golden } = model;
  const windows = golden.cases.flatMap((one) => (one.kind === "window" ? [one.window] : []));
  const chosen = [12_000, 48_000].flatMap((rate) => windows.find((one) => one.sampleRateHz === rate) ?? []);
  return coreNames
    .filter((core) => cores[core].features)
    .flatMap((core) => {
      const program = buildCheckProgram(core);
      try {
        const commands = new CheckCommands().model(mcuModel).counts();
        for (const window of chosen) {
          const { counts, shaftRpm } = window;
          commands.window({ ...window, pieces: [{ counts, shaftRpm }] }).counts();
        }
        const results = new CheckResults(program.run(commands.finish(), { countInstructions: true }));
        results.bytes(4 + 16);
        return chosen.map(({ sampleRateHz, counts, shaftRpm }) => {
          results.window(manifest.features.list.length, manifest.outputs.length);
          results.word();
          const [pushed, finished] = [results.word(), results.word()];
          return {
            core,
            sampleRateHz,
            samples: counts.length,
            revolutions: (counts.length / sampleRateHz) * (shaftRpm / 60),
            instructions: (pushed + finished) * nanosecondsPerTick,
            finishInstructions: finished * nanosecondsPerTick,
            stackBytes: results.word(),
          };
        });
      } finally {
        program.close();
      }
    });
}
