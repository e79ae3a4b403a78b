/** The firmware's host build as a Raspberry Pi has it: cross-compiled for AArch64 and started through QEMU's user mode. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applicationSources, featureSources, runtimeSources } from "../mcu/build-firmware.ts";
import { arithmeticFlags, firmwareFolder, hasProgram, runTool, warningFlags } from "../mcu/toolchain.ts";

const compiler = "aarch64-linux-gnu-gcc";
const emulator = "qemu-aarch64-static";

/** Debian packages that are missing on this machine. */
export function findMissingForArm64Host(): readonly string[] {
  return [
    [compiler, "gcc-aarch64-linux-gnu"],
    [emulator, "qemu-user-static"],
  ]
    .filter(([program]) => !hasProgram(program!))
    .map(([, name]) => name!);
}

/** Builds it into `folder`; returns a program that is started as the host build is. @throws Error with the compiler's output. */
export function buildArm64Host(folder: string): string {
  const program = join(folder, "firmware-arm64");
  const files = [...runtimeSources, ...featureSources, ...applicationSources, "board_host.c"];
  runTool(compiler, [
    "-O2",
    "-static",
    ...warningFlags,
    ...arithmeticFlags,
    "-iquote",
    firmwareFolder(),
    ...files.map((file) => join(firmwareFolder(), file)),
    "-lutil",
    "-o",
    program,
  ]);
  const starter = `${program}.sh`;
  writeFileSync(starter, `#!/bin/sh\nexec ${emulator} ${program} "$@"\n`);
  chmodSync(starter, 0o755);
  return starter;
}
