/**
 * The firmware on QEMU's RISC-V board `virt`: its build, and how the emulator is started on a memory image. The image is the
 * workbench in the board's RAM; identity and slots are copied from a fresh one into a file that is the board's NOR flash.
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { applicationSources, featureSources, runtimeSources } from "./build-firmware.ts";
import { mcuImageBytes, mcuImageOffsets, mcuSlotBytes } from "./mcu-image.ts";
import { arithmeticFlags, firmwareFolder, runTool, warningFlags } from "./toolchain.ts";

/** A core of the board. */
export type RiscvCore = "rv32imac" | "rv32imafc";

/** The compiler for it. */
export const riscvCompiler = "riscv64-unknown-elf-gcc";

/** The emulator. */
export const riscvEmulator = "qemu-system-riscv32";

/** What selects a core at GCC and its linker. */
const riscvCoreFlags: Readonly<Record<RiscvCore, readonly string[]>> = {
  rv32imac: ["-march=rv32imac", "-mabi=ilp32"],
  rv32imafc: ["-march=rv32imafc", "-mabi=ilp32f"],
};

/** RAM: the image, then code and data as in virt.ld. */
const ramBytes = mcuImageBytes + 0x10_0000;
/** As board_virt.c and QEMU have the second bank. */
const flash = { bytes: 0x200_0000, sectorBytes: 0x4_0000 };

/** Whether the core is one of this board's. */
export function isRiscvCore(name: string): name is RiscvCore {
  return name in riscvCoreFlags;
}

/** Builds the firmware into `folder`; returns the path of the ELF file. @throws Error with the compiler's output. */
export function buildRiscvFirmware(core: RiscvCore, folder: string): string {
  const source = firmwareFolder();
  const path = join(folder, `firmware-${core}.elf`);
  mkdirSync(folder, { recursive: true });
  const [march, mabi] = riscvCoreFlags[core];
  const files = [
    ...runtimeSources,
    ...featureSources,
    ...applicationSources,
    "memory.c",
    "cfi_flash.c",
    "board_virt.c",
  ];
  const objects = files.map((file) => {
    const object = join(folder, `${core}-${file.replace(/\.c$/, ".o")}`);
    runTool(riscvCompiler, [
      "-O2",
      "-g",
      ...warningFlags,
      ...arithmeticFlags,
      "-ffreestanding",
      "-ffunction-sections",
      "-fdata-sections",
      // The board reads control registers, for which there is a name of its own since 2019; the linker's libraries have none.
      file === "board_virt.c" ? `${march!}_zicsr` : march!,
      mabi!,
      "-mcmodel=medany",
      "-msmall-data-limit=0",
      "-iquote",
      source,
      "-c",
      join(source, file),
      "-o",
      object,
    ]);
    return object;
  });
  runTool(riscvCompiler, [
    march!,
    mabi!,
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,--no-relax",
    "-Wl,--no-warn-rwx-segments",
    "-T",
    join(source, "virt.ld"),
    ...objects,
    "-lgcc",
    "-o",
    path,
  ]);
  return path;
}

/** Arguments of the emulator for a program on a memory image, with its line at QEMU's character device `serial`. */
export function riscvArguments(program: string, imagePath: string, serial: string): readonly string[] {
  prepareFlash(imagePath);
  const size = `${ramBytes / 0x10_0000}M`;
  return [
    "-M",
    "virt,memory-backend=ram",
    "-m",
    size,
    "-bios",
    "none",
    "-object",
    `memory-backend-file,id=ram,size=${size},mem-path=${imagePath},share=on`,
    "-drive",
    `if=pflash,unit=1,format=raw,file=${flashPathOf(imagePath)}`,
    // Sets the first instruction too: the board itself would begin at the start of its RAM.
    "-device",
    `loader,file=${program},cpu-num=0`,
    "-serial",
    serial,
    "-display",
    "none",
    "-monitor",
    "none",
  ];
}

function flashPathOf(imagePath: string): string {
  return `${imagePath}.flash`;
}

/** Makes the flash anew for an image that no board has run on. */
function prepareFlash(imagePath: string): void {
  const boots = readAt(imagePath, mcuImageOffsets.workbench + 4, 4).readUInt32LE();
  const path = flashPathOf(imagePath);
  truncateSync(imagePath, ramBytes);
  if (boots > 0 && existsSync(path)) return;
  const sectors = Buffer.alloc(3 * flash.sectorBytes, 0xff);
  readAt(imagePath, 0, mcuImageOffsets.slots).copy(sectors, 0);
  for (const slot of [0, 1]) {
    const bytes = readAt(imagePath, mcuImageOffsets.slots + slot * mcuSlotBytes, mcuSlotBytes);
    bytes.copy(sectors, (1 + slot) * flash.sectorBytes);
  }
  const file = openSync(path, "w");
  writeSync(file, sectors);
  closeSync(file);
  truncateSync(path, flash.bytes);
}

function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, "r");
  readSync(file, bytes, 0, length, offset);
  closeSync(file);
  return bytes;
}
