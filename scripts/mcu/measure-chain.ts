/**
 * What the whole chain costs a core a second of signal: ring, windows, features, student, by stage. Cycles by the models of
 * cycle-model.ts, cycle-model-m7.ts and flash-model.ts from the trace of every instruction. Nothing here was measured on
 * silicon.
 */
import { join } from "node:path";
import { createScratchFolder } from "../scratch-folder.ts";
import { type ChainStage, chainStages, findStage } from "./chain-stages.ts";
import { CheckCommands, CheckResults } from "./check-commands.ts";
import { buildCheckProgram, type CheckProgram } from "./check-program.ts";
import { walkCalls } from "./core-clock.ts";
import { createM4Clock } from "./cycle-model.ts";
import { createM7Clock } from "./cycle-model-m7.ts";
import { createFlashModel, type FlashKind, waitStates } from "./flash-model.ts";
import { disassemble, findFunction, findInlinedFunctions } from "./program-trace.ts";
import { readShippedModels } from "./shipped-models.ts";

/** Cores whose chain is modelled. */
export type ChainCore = "m4" | "m7";

/** The chain of the shipped bearing bundle on one core. */
export interface ChainCost {
  readonly core: ChainCore;
  readonly sampleRateHz: number;
  /** Signal of one window, seconds. */
  readonly windowSeconds: number;
  /** Of a second of signal. */
  readonly instructions: number;
  /** Of a second of signal, without wait states. */
  readonly cycles: number;
  /** The same by stage. */
  readonly stages: Readonly<Record<ChainStage, number>>;
  /** Cycles of a second of signal from flash that waits; none for the M7, which runs from its caches or TCM. */
  readonly fromFlash: readonly {
    readonly kind: FlashKind;
    readonly waitStates: number;
    readonly cycles: number;
  }[];
}

/** So many samples are added that the device's own window ends, whatever its rounding. */
const samplesBehind = 64;

/** Measures both cores at 12 kHz. Needs the packages of `findMissingPackages`. */
export async function measureChain(cores: readonly ChainCore[] = ["m4", "m7"]): Promise<ChainCost[]> {
  const model = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration");
  if (model === undefined || model.mcuModel === null) throw new Error("no bearing bundle to measure");
  const { mcuModel, golden, manifest } = model;
  const window = golden.cases.flatMap((one) =>
    one.kind === "window" && one.window.sampleRateHz === 12_000 ? [one.window] : [],
  )[0];
  if (window === undefined) throw new Error("the bearing bundle has no golden window at 12 kHz");
  const counts = new Int16Array(window.counts.length + samplesBehind);
  counts.set(window.counts);
  counts.set(window.counts.subarray(0, samplesBehind), window.counts.length);
  const input = new CheckCommands()
    .model(mcuModel)
    .stream({ ...window, pieces: [{ counts, shaftRpm: window.shaftRpm }] })
    .finish();
  return cores.map((core) => {
    const program = buildCheckProgram(core);
    const scratch = createScratchFolder("trace");
    try {
      const traceFile = join(scratch.path, "trace");
      const results = new CheckResults(program.run(input, { traceFile }));
      results.word();
      const { scores } = results.stream(manifest.features.list.length, manifest.outputs.length);
      if (scores !== 1) throw new Error(`${scores} scores of one window`);
      const seconds = counts.length / window.sampleRateHz;
      return {
        core,
        sampleRateHz: window.sampleRateHz,
        windowSeconds: window.counts.length / window.sampleRateHz,
        ...countStages(program, core, { traceFile, seconds }),
      };
    } finally {
      scratch.remove();
      program.close();
    }
  });
}

interface Recording {
  readonly traceFile: string;
  /** Signal in it. */
  readonly seconds: number;
}

function countStages(
  program: CheckProgram,
  core: ChainCore,
  { traceFile, seconds }: Recording,
): Pick<ChainCost, "instructions" | "cycles" | "stages" | "fromFlash"> {
  const code = disassemble(program.path);
  const inlined = findInlinedFunctions(program.path, [...code.keys()]);
  const clock = core === "m7" ? createM7Clock() : createM4Clock(core);
  const flashes = core === "m7" ? [] : (["plain", "accelerated"] as const).map(createFlashOf);
  const stages = Object.fromEntries(chainStages.map(({ stage }) => [stage, 0])) as Record<ChainStage, number>;
  const stageOf = new Map<number, ChainStage | null>();
  for (const address of code.keys()) stageOf.set(address, findStage(inlined.get(address) ?? []));
  let stage: ChainStage = chainStages[0].stage;
  let instructions = 0;
  let cycles = 0;
  walkCalls({
    traceFile,
    code,
    from: findFunction(program.path, "stream_step")[0],
    begin: clock.restart,
    visit: (now, next) => {
      const taken = clock.step(now, next);
      stage = stageOf.get(now.address) ?? stage;
      stages[stage] += taken;
      instructions++;
      cycles += taken;
      for (const { model } of flashes) model.fetch(now, taken);
    },
  });
  const aSecond = (count: number): number => Math.round(count / seconds);
  for (const { stage: name } of chainStages) stages[name] = aSecond(stages[name]);
  return {
    instructions: aSecond(instructions),
    cycles: aSecond(cycles),
    stages,
    fromFlash: flashes.flatMap(({ kind, model }) =>
      waitStates.map((states, index) => ({
        kind,
        waitStates: states,
        cycles: aSecond(cycles + model.waited[index]!),
      })),
    ),
  };
}

function createFlashOf(kind: FlashKind): {
  readonly kind: FlashKind;
  readonly model: ReturnType<typeof createFlashModel>;
} {
  return { kind, model: createFlashModel(kind) };
}
