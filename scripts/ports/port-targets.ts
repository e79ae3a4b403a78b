/**
 * Compilers and cores that the firmware has to be the same on: how each compiles, links and runs the check program. Says
 * what is missing here; starts nothing.
 */
import { join } from "node:path";
import { bareFlags, cores, firmwareFolder, hasProgram } from "../mcu/toolchain.ts";

/** One compiler for one core. */
export interface PortTarget {
  /** As in `clang rv32imafc`. */
  readonly name: string;
  readonly compiler: string;
  /** What selects the core. */
  readonly coreFlags: readonly string[];
  /** Program and arguments that link; objects and the output follow. */
  readonly link: readonly string[];
  readonly libraries: readonly string[];
  /** Where input and output of the check program come from. */
  readonly runtime: "posix" | "semihosting";
  /** Program and arguments that run the check program, whose path follows. */
  readonly run: readonly string[];
  /** Whether the feature chain and the larger models fit. */
  readonly isSmall: boolean;
  /** Debian packages that are missing on this machine. */
  readonly missing: readonly string[];
}

interface ArmCore {
  readonly flags: readonly string[];
  /** clang's, where they differ. */
  readonly clangFlags?: readonly string[];
  readonly board: string;
  readonly linkFlags?: readonly string[];
  readonly isSmall?: boolean;
}

/** The secure memories of QEMU's only board with a Cortex-M33. */
const an505 = {
  board: "mps2-an505",
  linkFlags: ["-Wl,--defsym=CODE_BASE=0x10000000", "-Wl,--defsym=RAM_BASE=0x38000000"],
};
/** The same of the only one with a Cortex-M55. */
const an547 = {
  board: "mps3-an547",
  linkFlags: ["-Wl,--defsym=CODE_BASE=0x10000000", "-Wl,--defsym=RAM_BASE=0x30000000"],
};
const armCores: Readonly<Record<string, ArmCore>> = {
  "cortex-m0": { flags: cores.m0.flags, board: cores.m0.board, isSmall: true },
  "cortex-m3": { flags: cores.m3.flags, board: cores.m3.board },
  "cortex-m4": { flags: cores.m4.flags, board: cores.m4.board },
  "cortex-m4 without FPU": { flags: ["-mcpu=cortex-m4", "-mfloat-abi=soft"], board: cores.m4.board },
  "cortex-m7": { flags: cores.m7.flags, board: cores.m7.board },
  "cortex-m33": { flags: ["-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"], ...an505 },
  "cortex-m33 without DSP": {
    flags: ["-mcpu=cortex-m33+nodsp", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"],
    ...an505,
  },
  "cortex-m33 without DSP and FPU": {
    flags: ["-mcpu=cortex-m33+nodsp+nofp", "-mfloat-abi=soft"],
    clangFlags: ["-mcpu=cortex-m33+nodsp", "-mfpu=none", "-mfloat-abi=soft"],
    ...an505,
  },
  "cortex-m55": {
    flags: ["-mcpu=cortex-m55", "-mfloat-abi=hard"],
    clangFlags: ["-mcpu=cortex-m55+nomve.fp", "-mfloat-abi=hard"],
    ...an547,
  },
};

const riscvCores: Readonly<Record<string, readonly [march: string, mabi: string]>> = {
  rv32imac: ["rv32imac", "ilp32"],
  rv32imafc: ["rv32imafc", "ilp32f"],
};

const packages: Readonly<Record<string, string>> = {
  gcc: "gcc",
  clang: "clang",
  "arm-none-eabi-gcc": "gcc-arm-none-eabi",
  "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
  "qemu-system-arm": "qemu-system-arm",
  "qemu-system-riscv32": "qemu-system-misc",
  "qemu-aarch64-static": "qemu-user-static",
};

function findMissing(programs: readonly string[]): readonly string[] {
  return programs.filter((program) => !hasProgram(program)).map((program) => packages[program] ?? program);
}

const quiet = ["-display", "none", "-monitor", "none", "-serial", "null"];
const semihosting = ["-semihosting-config", "enable=on,target=native"];

function armTarget(core: string, compiler: "gcc" | "clang"): PortTarget {
  const { flags, clangFlags = flags, board, linkFlags = [], isSmall = false } = armCores[core]!;
  const isGcc = compiler === "gcc";
  return {
    name: `${compiler} ${core}`,
    compiler: isGcc ? "arm-none-eabi-gcc" : "clang",
    coreFlags: isGcc
      ? [...bareFlags, ...flags]
      : ["--target=arm-none-eabi", ...bareFlags.filter((flag) => flag !== "-nostdlib"), ...clangFlags],
    link: [
      "arm-none-eabi-gcc",
      ...bareFlags,
      ...flags,
      `-Wl,--defsym=RAM_BYTES=${isSmall ? cores.m0.ramBytes : cores.m4.ramBytes}`,
      ...linkFlags,
      "-Wl,--gc-sections",
      "-T",
      join(firmwareFolder(), "check", "image.ld"),
    ],
    libraries: ["-lgcc"],
    runtime: "semihosting",
    run: ["qemu-system-arm", "-M", board, ...quiet, ...semihosting, "-kernel"],
    isSmall,
    missing: findMissing(["arm-none-eabi-gcc", "qemu-system-arm", ...(isGcc ? [] : ["clang"])]),
  };
}

function riscvTarget(core: string, compiler: "gcc" | "clang"): PortTarget {
  const [march, mabi] = riscvCores[core]!;
  const bare = [
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-mcmodel=medany",
    `-mabi=${mabi}`,
  ];
  const isGcc = compiler === "gcc";
  const command = "riscv64-unknown-elf-gcc";
  return {
    name: `${compiler} ${core}`,
    compiler: isGcc ? command : "clang",
    coreFlags: isGcc
      ? [`-march=${march}_zicsr`, ...bare]
      : ["--target=riscv32-unknown-elf", `-march=${march}`, ...bare],
    link: [
      command,
      `-march=${march}`,
      `-mabi=${mabi}`,
      "-nostdlib",
      "-Wl,--gc-sections",
      "-Wl,--no-relax",
      "-Wl,--no-warn-rwx-segments",
      "-T",
      join(firmwareFolder(), "check", "image_virt.ld"),
    ],
    libraries: ["-lgcc"],
    runtime: "semihosting",
    run: ["qemu-system-riscv32", "-M", "virt", "-bios", "none", ...quiet, ...semihosting, "-kernel"],
    isSmall: false,
    missing: findMissing([command, "qemu-system-riscv32", ...(isGcc ? [] : ["clang"])]),
  };
}

function hostTarget(compiler: "gcc" | "clang"): PortTarget {
  return {
    name: `${compiler} ${process.arch}`,
    compiler,
    coreFlags: [],
    link: [compiler],
    libraries: [],
    runtime: "posix",
    run: [],
    isSmall: false,
    missing: findMissing([compiler]),
  };
}

function aarch64Target(compiler: "gcc" | "clang"): PortTarget {
  const command = compiler === "gcc" ? ["aarch64-linux-gnu-gcc"] : ["clang", "--target=aarch64-linux-gnu"];
  return {
    name: `${compiler} aarch64`,
    compiler: command[0]!,
    coreFlags: command.slice(1),
    // The C library of the cross compiler, whoever compiled.
    link: ["aarch64-linux-gnu-gcc", "-static"],
    libraries: [],
    runtime: "posix",
    run: ["qemu-aarch64-static"],
    isSmall: false,
    missing: findMissing(["aarch64-linux-gnu-gcc", "qemu-aarch64-static", command[0]!]),
  };
}

/** This machine, with which all others are compared. */
export const referenceTarget: PortTarget = hostTarget("gcc");

/** All of them, the reference first. */
export const portTargets: readonly PortTarget[] = [
  referenceTarget,
  hostTarget("clang"),
  aarch64Target("gcc"),
  aarch64Target("clang"),
  ...Object.keys(armCores).flatMap((core) => [armTarget(core, "gcc"), armTarget(core, "clang")]),
  ...Object.keys(riscvCores).flatMap((core) => [riscvTarget(core, "gcc"), riscvTarget(core, "clang")]),
];
