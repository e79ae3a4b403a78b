/**
 * How many instructions the gateway's code takes for a sample on a CPU, counted by a plugin of QEMU in one thread: the difference
 * of two runs over the same stream, so that start and compiling cancel. Estimates from it what a Raspberry Pi 4 would have to do.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { encodeBenchStream } from "../bench/bench-stream.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import type { ForeignCpu } from "./foreign-cpu.ts";
import { hasProgram, runTool } from "./toolchain.ts";

/** One stream, and the seconds of it that both runs take. What V8 still compiles in the second half is counted. */
export interface CountedStream {
  readonly sampleRateHz: number;
  readonly shortSeconds: number;
  readonly longSeconds: number;
}

/** A Raspberry Pi 4: what its core clocks at, and instructions a cycle that are assumed of it; nobody has measured one here. */
const pi4 = { hertz: 1.5e9, instructionsPerCycle: 1 } as const;

/** What is asked of a small gateway. */
export const piLoad = { channels: 8, sampleRateHz: 25_600 } as const;
export const piStream: CountedStream = {
  sampleRateHz: piLoad.sampleRateHz,
  shortSeconds: 60,
  longSeconds: 120,
};
/** A quarter of it. */
export const quickStream: CountedStream = { ...piStream, shortSeconds: 15, longSeconds: 30 };

export interface InstructionCount {
  readonly instructionsPerSample: number;
  /** Windows of the stream, and how many of them differ in a feature, a level, a score or a decision from this machine's. */
  readonly decided: number;
  readonly differing: number;
}

/** A stream with the plugin that counts; `count` takes CPUs of QEMU's user mode alone. */
export interface InstructionCounter {
  count(cpu: ForeignCpu): InstructionCount | { readonly missing: string };
  close(): void;
}

/** Builds the plugin and writes the stream down, or says what that lacks. */
export function createInstructionCounter(
  stream: CountedStream,
): InstructionCounter | { readonly missing: string } {
  if (!hasProgram("gcc")) return { missing: "the Debian package gcc" };
  const scratch = createScratchFolder("instructions");
  // Not beside this file: `dist` has no C.
  const source = join(packageRoot(), "scripts", "mcu", "count-instructions.c");
  const plugin = join(scratch.path, "count-instructions.so");
  runTool("gcc", ["-O2", "-shared", "-fPIC", "-o", plugin, source]);
  const frames = join(scratch.path, "frames");
  writeFileSync(frames, encodeBenchStream(stream.longSeconds, stream).bytes);
  return { count: (cpu) => countOn(cpu, { plugin, frames, stream }), close: () => scratch.remove() };
}

/** Of one core, with what is assumed, in words. */
export function estimatePi4({ instructionsPerSample }: Pick<InstructionCount, "instructionsPerSample">): {
  readonly coreShare: number;
  readonly how: string;
} {
  const { channels, sampleRateHz } = piLoad;
  const perSecond = instructionsPerSample * channels * sampleRateHz;
  return {
    coreShare: perSecond / (pi4.hertz * pi4.instructionsPerCycle),
    how: `${channels} channels of ${sampleRateHz} Hz, ${pi4.hertz / 1e9} GHz, ${pi4.instructionsPerCycle} instruction a cycle assumed; without sockets and record`,
  };
}

function countOn(
  cpu: ForeignCpu,
  {
    plugin,
    frames,
    stream,
  }: { readonly plugin: string; readonly frames: string; readonly stream: CountedStream },
): InstructionCount | { readonly missing: string } {
  try {
    const prepared = cpu.prepare();
    if ("missing" in prepared) return prepared;
    // The static build has no plugins.
    const [emulator, ...rest] = prepared.command;
    const program = emulator!.replace(/-static$/, "");
    if (
      !hasProgram(program) ||
      !spawnSync(program, ["--help"], { encoding: "utf8" }).stdout.includes("-plugin")
    ) {
      return { missing: "the Debian package qemu-user" };
    }
    const { sampleRateHz, shortSeconds, longSeconds } = stream;
    const play = ([command, ...args]: readonly string[], seconds: number) => {
      const child = join(import.meta.dirname, "gateway-load.js");
      const size = [longSeconds, sampleRateHz, seconds].map(String);
      const done = spawnSync(command!, [...args, child, frames, ...size], { encoding: "utf8" });
      if (done.status !== 0) throw new Error(`${cpu.name}: ${done.stderr}`);
      const { digests } = JSON.parse(done.stdout) as { readonly digests: readonly string[] };
      return { digests, instructions: Number(/^instructions=(\d+)$/m.exec(done.stderr)?.[1]) };
    };
    const counting = [program, "-plugin", plugin, ...rest, "--single-threaded"];
    const short = play(counting, shortSeconds);
    const long = play(counting, longSeconds);
    const instructionsPerSample =
      (long.instructions - short.instructions) / ((longSeconds - shortSeconds) * sampleRateHz);
    if (!(instructionsPerSample > 0)) throw new Error(`${cpu.name}: the plugin counted nothing`);
    const { digests } = play([process.execPath], longSeconds);
    if (digests.length === 0 || digests.length !== long.digests.length)
      throw new Error(`${cpu.name}: ${long.digests.length} windows instead of ${digests.length}`);
    const differing = digests.filter((digest, index) => digest !== long.digests[index]).length;
    return { instructionsPerSample, decided: digests.length, differing };
  } finally {
    cpu.close();
  }
}
