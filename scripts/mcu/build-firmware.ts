/** Builds the firmware and its host tools. Cores need gcc-arm-none-eabi, the rest any C compiler. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
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

/** A program for this machine. */
export type HostProgram =
  | "firmware-host"
  | "firmware-mqtt"
  | "link-tool"
  | "message-tool"
  | "power-cut"
  | "hostile-link"
  | "hostile-messages"
  | "long-names"
  | "template-board"
  | "ring-threads"
  | "template-threads"
  | "long-run";

const usualSanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
/** Frames and session. */
const protocolSources: readonly string[] = ["bytes.c", "crc32.c", "frame.c", "codec.c", "link.c"];
/** Two model slots, and what authenticates them. */
export const slotSources: readonly string[] = ["slots.c", "slot.c", "hmac.c", "sha256.c"];
/** The model's parser and the int8 engine. */
export const engineSources: readonly string[] = ["model.c", "student.c"];
/** What the flash limit counts, without model and features. */
export const runtimeSources: readonly string[] = [...protocolSources, ...slotSources, ...engineSources];
/** What samples and decides on top of it. */
export const applicationSources: readonly string[] = ["fifo.c", "window.c", "scorer.c", "firmware.c"];
/** The feature chain, which is counted apart. */
export const featureSources: readonly string[] = [
  "features.c",
  "feature_section.c",
  "envelope.c",
  "prediction.c",
  "spectrum.c",
  "comb.c",
  "decimator.c",
  "float_math.c",
];

/** What stands in for a gateway on the line. */
export const gatewayFrameSources: readonly string[] = ["host/gateway_frame.c"];

/** What makes a slot's record as a gateway would. */
export const slotRecordSources: readonly string[] = ["host/slot_record.c"];

/** The compiler's level for a source on a core: the features are fast, all else is small. */
export function levelFlags(source: string, core: CoreName): readonly string[] {
  const isFast = featureSources.includes(source) || (core === "m0" && source === "student.c");
  if (isFast) return ["-O2"];
  // The engine with few registers left keeps the pointers that loops are turned into, 4 % of the cycles of an inference, and
  // what a loop leaves is not computed anew behind it.
  const keepsPointers = source === "student.c" && core !== "m3";
  return keepsPointers ? [...smallFlags, "-fno-tree-scev-cprop"] : [...smallFlags, "-fno-tree-loop-optimize"];
}

/**
 * Small code; what `-Os` does besides this makes more of it, not less: moves comparisons away from their branches, repeats
 * the ends of paths, joins them by jumps that cost more than they save, and turns indices into several pointers.
 */
const smallFlags: readonly string[] = [
  "-Os",
  "-fno-schedule-insns2",
  "-fno-expensive-optimizations",
  "-fno-move-loop-invariants",
  "-fno-tree-tail-merge",
];

interface HostTarget {
  readonly sources: readonly string[];
  readonly defines?: readonly string[];
  readonly libraries?: readonly string[];
  readonly sanitizers?: readonly string[];
  readonly level?: "-O2";
}

const hostTargets: Readonly<Record<HostProgram, HostTarget>> = {
  "firmware-host": {
    sources: [...runtimeSources, ...featureSources, ...applicationSources, "board_host.c"],
    libraries: ["-lutil"],
  },
  // Whole messages instead of frames, for MQTT.
  "firmware-mqtt": {
    sources: [
      ...runtimeSources.map((source) => (source === "frame.c" ? "message.c" : source)),
      ...featureSources,
      ...applicationSources,
      "board_host.c",
    ],
    libraries: ["-lutil"],
  },
  "message-tool": {
    sources: ["bytes.c", "crc32.c", "message.c", "codec.c", "host/link_tool.c"],
    defines: ["-DFRAME_MAX_PAYLOAD=1024U"],
  },
  "link-tool": {
    sources: ["bytes.c", "crc32.c", "frame.c", "codec.c", "host/link_tool.c"],
    // As large as the protocol allows, so that every example of PROTOCOL.md can be tried.
    defines: ["-DFRAME_MAX_PAYLOAD=1024U"],
  },
  "hostile-link": {
    sources: [
      "bytes.c",
      "crc32.c",
      "frame.c",
      "codec.c",
      "link.c",
      ...gatewayFrameSources,
      "host/frame_line.c",
      "host/hostile_line.c",
      "host/hostile_link.c",
    ],
  },
  "hostile-messages": {
    sources: [
      "bytes.c",
      "message.c",
      "codec.c",
      "link.c",
      "host/message_line.c",
      "host/hostile_line.c",
      "host/hostile_link.c",
    ],
  },
  "long-names": {
    sources: [...runtimeSources, ...featureSources, ...applicationSources, "host/long_names.c"],
  },
  "template-board": { sources: ["host/template_board.c"] },
  // Whose threads the address sanitizer would not hold against each other.
  "ring-threads": { sources: ["host/ring_threads.c"], sanitizers: ["-fsanitize=thread"] },
  "template-threads": { sources: ["host/template_threads.c"], sanitizers: ["-fsanitize=thread"] },
  "long-run": {
    sources: ["bytes.c", "crc32.c", "frame.c", "codec.c", "link.c", "fifo.c", "window.c", "host/long_run.c"],
  },
  "power-cut": {
    sources: [
      "bytes.c",
      "codec.c",
      ...slotSources,
      ...engineSources,
      ...slotRecordSources,
      "host/torn_flash.c",
      "host/power_cut.c",
    ],
    defines: ["-DAURORA_NO_FEATURES"],
  },
};

/**
 * Builds a program for this machine into `folder`, with sanitizers that end it at the first fault; returns its path.
 * @throws Error with the compiler's output.
 */
export function buildHostProgram(name: HostProgram, folder: string): string {
  const {
    sources,
    defines = [],
    libraries = [],
    sanitizers = usualSanitizers,
    level = "-O1",
  } = hostTargets[name];
  const source = firmwareFolder();
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  runTool(hostCompiler(), [
    ...warningFlags,
    ...arithmeticFlags,
    ...sanitizers,
    ...defines,
    // Not -I: features.h is also a header of the C library.
    level,
    "-g",
    "-iquote",
    source,
    "-o",
    path,
    ...sources.map((file) => join(source, file)),
    ...libraries,
  ]);
  return path;
}

/** Where the file behind the PSRAM lies in a core's address space. */
const imageBase: Readonly<Record<CoreName, string>> = {
  m0: "0x21000000U",
  m3: "0x21000000U",
  m4: "0x21000000U",
  m7: "0x60000000U",
};

/**
 * Builds the whole firmware for QEMU's board with this core into `folder`; returns the path of the ELF file, beside which
 * lies the linker's map, `.map`. @throws Error with the compiler's output.
 */
export function buildCoreFirmware(core: CoreName, folder: string): string {
  const source = firmwareFolder();
  const path = join(folder, `firmware-${core}.elf`);
  mkdirSync(folder, { recursive: true });
  const objects: string[] = [];
  const files = [...runtimeSources, "memory.c", ...featureSources, ...applicationSources, "board_mps2.c"];
  for (const file of files) {
    const object = join(folder, `${core}-${file.replace(/\.c$/, ".o")}`);
    objects.push(object);
    runTool(coreCompiler, [
      ...levelFlags(file, core),
      "-g",
      ...warningFlags,
      ...arithmeticFlags,
      ...bareFlags,
      ...cores[core].flags,
      `-DIMAGE_BASE=${imageBase[core]}`,
      "-iquote",
      source,
      "-c",
      join(source, file),
      "-o",
      object,
    ]);
  }
  runTool(coreCompiler, [
    ...bareFlags,
    ...cores[core].flags,
    "-Wl,--gc-sections",
    `-Wl,-Map=${path.replace(/elf$/, "map")}`,
    "-T",
    join(source, "mps2.ld"),
    ...objects,
    "-lgcc",
    "-o",
    path,
  ]);
  return path;
}
