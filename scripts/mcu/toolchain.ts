/**
 * Compilers, flags and emulators of the firmware, in one place for the build, the tests and the benchmarks. Builds
 * nothing by itself.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** A core that the firmware is built for. */
export type CoreName = "m0" | "m3" | "m4" | "m7";

/** How to compile for a core and where to run it. */
export interface Core {
  readonly flags: readonly string[];
  /** QEMU's board with such a core. */
  readonly board: string;
  /** RAM that programs are linked for, bytes. */
  readonly ramBytes: number;
  /** Largest model that the check program takes, bytes. */
  readonly checkModelBytes: number;
  /** Whether the feature chain fits beside everything else. */
  readonly features: boolean;
}

/** C11 with the warnings that MISRA-minded code passes; every one is an error. */
export const warningFlags: readonly string[] = [
  "-std=c11",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wpedantic",
  "-Wconversion",
  "-Wsign-conversion",
  "-Wshadow",
  "-Wcast-align",
  "-Wundef",
  "-Wstrict-prototypes",
  "-Wmissing-prototypes",
  "-Wdouble-promotion",
  "-Wvla",
];

/** float32 as written: no fused multiply-add, no errno, so that every machine gives the same bits. */
export const arithmeticFlags: readonly string[] = [
  "-ffp-contract=off",
  "-DAURORA_NO_CONTRACTION",
  "-fno-math-errno",
  "-fno-trapping-math",
];

/** No operating system, no library. */
export const bareFlags: readonly string[] = [
  "-mthumb",
  "-ffreestanding",
  "-nostdlib",
  "-ffunction-sections",
  "-fdata-sections",
];

/** All cores by name. */
export const cores: Readonly<Record<CoreName, Core>> = {
  m0: {
    flags: ["-mcpu=cortex-m0", "-mfloat-abi=soft"],
    board: "microbit",
    ramBytes: 16_384,
    checkModelBytes: 8192,
    features: false,
  },
  m3: {
    flags: ["-mcpu=cortex-m3", "-mfloat-abi=soft"],
    board: "mps2-an385",
    ramBytes: 131_072,
    checkModelBytes: 65_536,
    features: true,
  },
  m4: {
    flags: ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"],
    board: "mps2-an386",
    ramBytes: 131_072,
    checkModelBytes: 65_536,
    features: true,
  },
  m7: {
    flags: ["-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"],
    board: "mps2-an500",
    ramBytes: 131_072,
    checkModelBytes: 65_536,
    features: true,
  },
};

/** Names of {@link cores}. */
export const coreNames: readonly CoreName[] = ["m0", "m3", "m4", "m7"];

/** The compiler for cores. */
export const coreCompiler = "arm-none-eabi-gcc";

/** The compiler of this machine. */
export function hostCompiler(): string {
  return process.env.CC ?? "cc";
}

/** Debian packages that work on emulated cores misses on this machine; empty when all is there. */
export function findMissingPackages(): readonly string[] {
  const needed = [
    [coreCompiler, "gcc-arm-none-eabi"],
    ["qemu-system-arm", "qemu-system-arm"],
  ] as const;
  return needed.filter(([command]) => !hasProgram(command)).map(([, name]) => name);
}

/** Whether a program can be started. */
export function hasProgram(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}

/** Runs a program to its end. @throws Error with its output when it does not end with 0. */
export function runTool(command: string, args: readonly string[], options: { cwd?: string } = {}): string {
  const done = spawnSync(command, args, { ...options, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) {
    throw new Error(`${command} ended with ${done.status ?? done.signal}:\n${done.stderr}${done.stdout}`);
  }
  return done.stdout;
}

/** The folder of the C sources, from the sources as well as from `dist`. */
export function firmwareFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return join(folder, "firmware-bridge", "mcu");
}
