/** Compiles every source of the firmware for a target, and runs the check program there. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { applicationSources, featureSources, runtimeSources } from "../mcu/build-firmware.ts";
import { streamSources } from "../mcu/check-program.ts";
import { firmwareFolder, warningFlags } from "../mcu/toolchain.ts";
import type { PortTarget } from "./port-targets.ts";

const start = promisify(execFile);

/** What a porter compiles, and the board to begin with. */
const librarySources: readonly string[] = [
  ...runtimeSources,
  ...featureSources,
  ...applicationSources,
  "message.c",
  "memory.c",
  "board_template.c",
];
/** What of them the check program is made of. */
const checkedSources: readonly string[] = ["bytes.c", "sha256.c", "model.c", "student.c"];

/** How to compile. */
export interface PortFlags {
  readonly level: "-O0" | "-O2" | "-O3" | "-Os";
  /** Of the arithmetic, and what else is to be tried. */
  readonly flags: readonly string[];
  /** Where objects go. */
  readonly folder: string;
}

/** Compiles the whole library; the sources that the compiler does not take without a warning, each with what it says. */
export async function compileLibrary(target: PortTarget, options: PortFlags): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const source of librarySources) {
    const problem = await compile(target, source, { ...options, flags: options.flags.concat(warningFlags) });
    if (problem !== null) complaints.push(`${source}: ${problem}`);
  }
  return complaints;
}

/**
 * Builds the check program and gives it `input` (check.c); returns what it wrote. What was compiled into the folder already
 * is not compiled again. @throws Error with a tool's output.
 */
export async function runCheck(
  target: PortTarget,
  options: PortFlags,
  input: Uint8Array,
): Promise<Uint8Array> {
  const { folder } = options;
  const files = [
    join("check", "check.c"),
    join("check", target.runtime === "posix" ? "host_io_posix.c" : "host_io_semihosting.c"),
    ...checkedSources,
    ...(target.isSmall ? [] : [...featureSources, ...streamSources]),
    ...(target.runtime === "posix" ? [] : ["memory.c"]),
  ];
  const defines = [
    `-DCHECK_MODEL_BYTES=${target.isSmall ? 8192 : 65_536}u`,
    ...(target.isSmall ? ["-DAURORA_NO_FEATURES"] : []),
  ];
  for (const source of files) {
    // The model's parser is another one where there are no features.
    const isCompiled = existsSync(objectOf(source, folder)) && !(target.isSmall && source === "model.c");
    if (isCompiled) continue;
    const problem = await compile(target, source, { ...options, flags: options.flags.concat(defines) });
    if (problem !== null) throw new Error(`${source}: ${problem}`);
  }
  const objects = files.map((source) => objectOf(source, folder));
  const program = join(folder, "check.elf");
  const [linker, ...linkFlags] = target.link;
  await start(linker!, [...linkFlags, ...objects, ...target.libraries, "-o", program]);
  writeFileSync(join(folder, "in.bin"), input);
  const [command, ...args] = [...target.run, program];
  await start(command!, args, { cwd: folder, timeout: 600_000 });
  // A copy: short files come in a piece of a buffer that is shared.
  return Uint8Array.from(readFileSync(join(folder, "out.bin")));
}

function objectOf(source: string, folder: string): string {
  return join(folder, `${basename(source, ".c")}.o`);
}

/** Compiles one source; null, or the first line of what was said. */
async function compile(
  target: PortTarget,
  source: string,
  { level, flags, folder }: PortFlags,
): Promise<string | null> {
  mkdirSync(folder, { recursive: true });
  const args = [
    level,
    ...flags,
    ...target.coreFlags,
    "-iquote",
    firmwareFolder(),
    "-c",
    join(firmwareFolder(), source),
    "-o",
    objectOf(source, folder),
  ];
  try {
    const { stderr } = await start(target.compiler, args);
    return stderr === "" ? null : firstLine(stderr);
  } catch (error) {
    if (error instanceof Error && "stderr" in error) return firstLine(String(error.stderr));
    throw error;
  }
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => /error|warning/i.test(line)) ?? text.slice(0, 200);
}
