/**
 * Flash and RAM of the firmware by part, from the linker's map: what is really linked in, nothing estimated. Static RAM
 * alone; the stack is stated apart by whoever measures it.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { mcuNeverRaises } from "../../src/core/inference/mcu-layout.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import {
  applicationSources,
  buildCoreFirmware,
  engineSources,
  featureSources,
  runtimeSources,
  slotSources,
} from "./build-firmware.ts";
import { createRandomStudent } from "./random-student.ts";
import type { CoreName } from "./toolchain.ts";

/** A part of the firmware; `library` is what the compiler adds, soft floating point above all. */
export type PartName = "protocol" | "slots" | "engine" | "features" | "application" | "board" | "library";

/** Bytes of one part. */
export interface PartSize {
  readonly flashBytes: number;
  readonly ramBytes: number;
}

/** A limit and what was reached. */
export interface SizeLimit {
  readonly what: string;
  readonly bytes: number;
  readonly limitBytes: number;
}

/** The firmware of one core. */
export interface Footprint {
  readonly core: CoreName;
  readonly parts: Readonly<Record<PartName, PartSize>>;
  readonly limits: readonly SizeLimit[];
}

/** The student that limits are stated for. */
const limitStudent = [64, 32, 16, 6];

/** Builds the firmware of a core and measures it. @throws Error with the compiler's output. */
export function measureFootprint(core: CoreName): Footprint {
  const scratch = createScratchFolder("size");
  try {
    const map = buildCoreFirmware(core, scratch.path).replace(/elf$/, "map");
    const parts = sumParts(readFileSync(map, "utf8"), core);
    const runtime = parts.protocol.flashBytes + parts.slots.flashBytes + parts.engine.flashBytes;
    const rest = Object.entries(parts).filter(([name]) => name !== "features");
    // Where there is an engine for speed, it may be larger.
    const runtimeLimit = core === "m3" ? 4096 : 4608;
    const flashLimits = [
      { what: "flash of protocol, slots and engine", bytes: runtime, limitBytes: runtimeLimit },
      {
        what: `the same with a ${limitStudent.join("-")} student`,
        bytes: runtime + countModelBytes(),
        limitBytes: runtimeLimit + 3404,
      },
    ];
    const limits = [
      // The M0's engine is built for speed, and its instructions do less.
      ...(core === "m0" ? [] : flashLimits),
      {
        what: "static RAM without features",
        bytes: rest.reduce((sum, [, part]) => sum + part.ramBytes, 0),
        limitBytes: 2560,
      },
      { what: "flash of features", bytes: parts.features.flashBytes, limitBytes: 12_800 },
      { what: "static RAM of features", bytes: parts.features.ramBytes, limitBytes: 20_480 },
    ];
    return { core, parts, limits };
  } finally {
    scratch.remove();
  }
}

/** The limits that are broken. */
export function findBrokenLimits({ limits }: Footprint): readonly SizeLimit[] {
  return limits.filter(({ bytes, limitBytes }) => bytes > limitBytes);
}

function sumParts(map: string, core: CoreName): Record<PartName, PartSize> {
  const sums: Record<PartName, { flashBytes: number; ramBytes: number }> = {
    protocol: { flashBytes: 0, ramBytes: 0 },
    slots: { flashBytes: 0, ramBytes: 0 },
    engine: { flashBytes: 0, ramBytes: 0 },
    features: { flashBytes: 0, ramBytes: 0 },
    application: { flashBytes: 0, ramBytes: 0 },
    board: { flashBytes: 0, ramBytes: 0 },
    library: { flashBytes: 0, ramBytes: 0 },
  };
  // What the linker threw away stands before this heading.
  const placed = map.slice(map.indexOf("Linker script and memory map"));
  const line = /^ (\.(?:vectors|text|rodata|data|bss)\S*)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$/gm;
  for (const [, section, size, file] of placed.matchAll(line)) {
    const bytes = Number.parseInt(size!, 16);
    const part = sums[partOf(section!, file!, core)];
    if (!section!.startsWith(".bss")) part.flashBytes += bytes;
    if (/^\.(bss|data)/.test(section!)) part.ramBytes += bytes;
  }
  return sums;
}

function partOf(section: string, file: string, core: CoreName): PartName {
  const source = basename(file).replace(`${core}-`, "").replace(/\.o$/, ".c");
  // The state of the features lies where they are used.
  if (section === ".bss.features" || featureSources.includes(source)) return "features";
  if (slotSources.includes(source)) return "slots";
  if (engineSources.includes(source)) return "engine";
  if (runtimeSources.includes(source)) return "protocol";
  if (applicationSources.includes(source)) return "application";
  return source.startsWith("board_") ? "board" : "library";
}

function countModelBytes(): number {
  const student = createRandomStudent(createRandom(1), limitStudent);
  const raiseAt = new Array<number>(limitStudent[limitStudent.length - 1]!).fill(mcuNeverRaises);
  return encodeMcuModel({ name: "size", version: "1.0.0", student, raiseAt, features: null }).length;
}
