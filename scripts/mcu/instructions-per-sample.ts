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

/** Both runs are past most of what V8 compiles; what it still compiles in the second half is counted. */
const runSeconds = { short: 60, long: 120 } as const;

/** A Raspberry Pi 4: what its core clocks at, and instructions a cycle that are assumed of it; nobody has measured one here. */
const pi4 = { hertz: 1.5e9, instructionsPerCycle: 1 } as const;

/** What is asked of a small gateway. */
export const piLoad = { channels: 8, sampleRateHz: 25_600 } as const;

export interface InstructionCount {
  readonly instructionsPerSample: number;
}

/** A stream with the plugin that counts; `count` takes CPUs of QEMU's user mode alone. */
export interface InstructionCounter {
  count(cpu: ForeignCpu): InstructionCount | { readonly missing: string };
  close(): void;
}

/** Builds the plugin and writes the stream down, or says what that lacks. */
export function createInstructionCounter(): InstructionCounter | { readonly missing: string } {
  if (!hasProgram("gcc")) return { missing: "the Debian package gcc" };
  const scratch = createScratchFolder("instructions");
  // Not beside this file: `dist` has no C.
  const source = join(packageRoot(), "scripts", "mcu", "count-instructions.c");
  const plugin = join(scratch.path, "count-instructions.so");
  runTool("gcc", ["-O2", "-shared", "-fPIC", "-o", plugin, source]);
  const frames = join(scratch.path, "frames");
  writeFileSync(
    frames,
    encodeBenchStream(runSeconds.long, startMs, { sampleRateHz: piLoad.sampleRateHz }).bytes,
  );
  return { count: (cpu) => countOn(cpu, { plugin, frames }), close: () => scratch.remove() };
}

/** Of one core, with what is assumed, in words. */
export function estimatePi4({ instructionsPerSample }: InstructionCount): {
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

const startMs = Date.UTC(2026, 0, 1);

function countOn(
  cpu: ForeignCpu,
  { plugin, frames }: { readonly plugin: string; readonly frames: string },
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
    const run = (seconds: number): number => {
      const child = join(import.meta.dirname, "gateway-load.js");
      const size = [runSeconds.long, piLoad.sampleRateHz, seconds].map(String);
      const args = ["-plugin", plugin, ...rest, "--single-threaded", child, frames, ...size];
      const done = spawnSync(program, args, { encoding: "utf8" });
      const counted = /^instructions=(\d+)$/m.exec(done.stderr)?.[1];
      if (done.status !== 0 || counted === undefined) throw new Error(`${cpu.name}: ${done.stderr}`);
      return Number(counted);
    };
    const { short, long } = runSeconds;
    const samples = (long - short) * piLoad.sampleRateHz;
    return { instructionsPerSample: (run(long) - run(short)) / samples };
  } finally {
    cpu.close();
  }
}
