/**
 * Builds firmware-bridge/mcu/check for a core or this machine and runs command files through it: models, rows,
 * requantisations and windows in, integers and features out.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratchFolder } from "../scratch-folder.ts";
import { featureSources, levelFlags } from "./build-firmware.ts";
import {
  arithmeticFlags,
  bareFlags,
  type CoreName,
  coreCompiler,
  cores,
  firmwareFolder,
  hostCompiler,
  runTool,
  warningFlags,
} from "./toolchain.ts";

/** `host`: as this machine computes; `host-integers`: with the arithmetic of cores without a float32 unit. */
export type CheckTarget = CoreName | "host" | "host-integers";

/** A built program; `close` removes it, and so does the end of the process. */
export interface CheckProgram {
  readonly target: CheckTarget;
  /** The program's file. */
  readonly path: string;
  /** Runs `input` (see check.c) and returns what it wrote. @throws Error when it does not end with 0. */
  run(input: Uint8Array, options?: CheckOptions): Uint8Array;
  close(): void;
}

/** Options of one run on an emulated core. */
export interface CheckOptions {
  /** One instruction takes one virtual nanosecond, so that ticks count instructions; slower. */
  readonly countInstructions?: boolean;
  /** Writes the address of every instruction executed to this file; very slow. */
  readonly traceFile?: string;
}

const portable = ["student.c", "model.c", "sha256.c", "bytes.c"];
/** What feeds the features on a device. */
export const streamSources: readonly string[] = ["window.c", "scorer.c", "fifo.c"];

/** Compiles the program, for cores at the levels of the firmware. @throws Error with the compiler's output. */
export function buildCheckProgram(target: CheckTarget): CheckProgram {
  const scratch = createScratchFolder("check");
  const folder = scratch.path;
  const path = join(folder, "check.elf");
  const source = firmwareFolder();
  const isHost = target === "host" || target === "host-integers";
  const features = isHost || cores[target].features;
  const files = [
    join("check", "check.c"),
    join("check", isHost ? "host_io_posix.c" : "host_io_semihosting.c"),
    ...portable,
    ...(features ? [...featureSources, ...streamSources] : []),
    ...(isHost ? [] : ["memory.c"]),
  ];
  const flags = [
    ...warningFlags,
    ...arithmeticFlags,
    ...(features ? [] : ["-DAURORA_NO_FEATURES"]),
    `-DCHECK_MODEL_BYTES=${isHost ? 65_536 : cores[target].checkModelBytes}u`,
    ...(target === "host-integers" ? ["-DAURORA_EXACT_INTEGERS"] : []),
  ];
  if (isHost) {
    runTool(hostCompiler(), ["-O2", ...flags, ...files.map((name) => join(source, name)), "-o", path]);
  } else {
    const common = [...cores[target].flags, ...bareFlags];
    const objects = files.map((name, i) => {
      const object = join(folder, `${i}.o`);
      runTool(coreCompiler, [
        ...levelFlags(name, target),
        "-g",
        ...flags,
        ...common,
        "-c",
        join(source, name),
        "-o",
        object,
      ]);
      return object;
    });
    runTool(coreCompiler, [
      ...common,
      `-Wl,--defsym=RAM_BYTES=${cores[target].ramBytes}`,
      "-Wl,--gc-sections",
      "-T",
      join(source, "check", "image.ld"),
      ...objects,
      "-lgcc",
      "-o",
      path,
    ]);
  }
  return {
    target,
    path,
    run: (input, options = {}) => {
      writeFileSync(join(folder, "in.bin"), input);
      if (isHost) runTool(path, [], { cwd: folder });
      else runTool("qemu-system-arm", qemuArguments(target, path, options), { cwd: folder });
      return readFileSync(join(folder, "out.bin"));
    },
    close: scratch.remove,
  };
}

function qemuArguments(core: CoreName, path: string, options: CheckOptions): string[] {
  return [
    "-M",
    cores[core].board,
    "-kernel",
    path,
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "null",
    "-semihosting-config",
    "enable=on,target=native",
    ...(options.countInstructions === true ? ["-icount", "shift=0"] : []),
    ...(options.traceFile === undefined
      ? []
      : ["-singlestep", "-d", "exec,nochain", "-D", options.traceFile]),
  ];
}
