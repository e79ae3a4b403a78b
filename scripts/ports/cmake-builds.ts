/** Builds of the firmware by its CMakeLists.txt as a porter makes them: a toolchain file, a board, warnings as errors. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { firmwareFolder, hasProgram } from "../mcu/toolchain.ts";

/** One build. */
export interface CMakeBuild {
  readonly name: string;
  /** Of the toolchain file; none builds for this machine. */
  readonly compiler?: { readonly command: string; readonly target?: string; readonly flags: string };
  /** Sources of the board; empty: the library alone. */
  readonly board: string;
  /** A function that is cut out of the board: the link has to fail for want of it. */
  readonly without?: string;
  /** For the linker. */
  readonly linkFlags?: readonly string[];
  /** What is missing on this machine. */
  missing(): readonly string[];
}

const start = promisify(execFile);

function needs(...programs: readonly string[]): () => readonly string[] {
  return () => ["cmake", ...programs].filter((program) => !hasProgram(program));
}

const riscv = "riscv64-unknown-elf-gcc";
const arm = "arm-none-eabi-gcc";

/** The builds that are tried. */
export const cmakeBuilds: readonly CMakeBuild[] = [
  {
    name: "the RISC-V board with its start-up code",
    compiler: { command: riscv, flags: "-march=rv32imac_zicsr -mabi=ilp32 -mcmodel=medany -mno-relax" },
    board: "board_virt.c;cfi_flash.c",
    // The compiler's own helpers are there for the core without the name of its control registers.
    linkFlags: ["-march=rv32imac", `-T${join(firmwareFolder(), "virt.ld")}`, "-Wl,--no-warn-rwx-segments"],
    missing: needs(riscv),
  },
  {
    name: "the template's board on a Cortex-M4",
    compiler: {
      command: arm,
      flags: "-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
    },
    board: "board_template.c",
    missing: needs(arm),
  },
  {
    name: "the template's board on a Cortex-M55",
    compiler: { command: arm, flags: "-mthumb -mcpu=cortex-m55 -mfloat-abi=hard" },
    board: "board_template.c",
    missing: needs(arm),
  },
  {
    name: "no board without its flash",
    compiler: { command: arm, flags: "-mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard" },
    board: "board_template.c",
    without: "board_flash",
    missing: needs(arm),
  },
  {
    name: "the library with clang for a Cortex-M33",
    compiler: {
      command: "clang",
      target: "arm-none-eabi",
      flags: "-mthumb -mcpu=cortex-m33 -mfloat-abi=soft",
    },
    board: "",
    missing: needs("clang"),
  },
  { name: "the board of this machine", board: "board_host.c", missing: needs("cc") },
];

/** Configures and builds below `folder`. False, with the tools' output on standard error, if that does not end as it has to. */
export async function buildByCMake(build: CMakeBuild, folder: string): Promise<boolean> {
  const into = join(folder, build.name.replaceAll(" ", "-"));
  mkdirSync(into, { recursive: true });
  const { compiler, without, linkFlags } = build;
  const board = without === undefined ? build.board : cutOut(without, { board: build.board, into });
  const args = ["-S", firmwareFolder(), "-B", into, "-DAURORA_WARNINGS=ON", `-DAURORA_BOARD=${board}`];
  if (compiler !== undefined) {
    const file = join(into, "toolchain.cmake");
    writeFileSync(file, renderToolchain(compiler));
    args.push(`-DCMAKE_TOOLCHAIN_FILE=${file}`);
  }
  if (linkFlags !== undefined) args.push(`-DCMAKE_EXE_LINKER_FLAGS=${linkFlags.join(" ")}`);
  try {
    await start("cmake", args);
    await start("cmake", ["--build", into, "-j2"], { maxBuffer: 1 << 26 });
    return without === undefined;
  } catch (error) {
    if (!(error instanceof Error && "stdout" in error && "stderr" in error)) throw error;
    if (without !== undefined && String(error.stderr).includes(`undefined reference to \`${without}'`))
      return true;
    process.stderr.write(`${String(error.stdout)}${String(error.stderr)}`);
    return false;
  }
}

/** Writes a board that lacks a function; returns its path. */
function cutOut(name: string, { board, into }: { readonly board: string; readonly into: string }): string {
  const whole = readFileSync(join(firmwareFolder(), board), "utf8");
  const file = join(into, board);
  writeFileSync(file, whole.replace(new RegExp(`^\\w+ ${name}\\([^]*?^}$`, "m"), ""));
  return file;
}

function renderToolchain({ command, target, flags }: NonNullable<CMakeBuild["compiler"]>): string {
  return [
    "set(CMAKE_SYSTEM_NAME Generic)",
    `set(CMAKE_C_COMPILER ${command})`,
    target === undefined ? "" : `set(CMAKE_C_COMPILER_TARGET ${target})`,
    `set(CMAKE_C_FLAGS_INIT "${flags}")`,
    "set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)",
    "",
  ].join("\n");
}
