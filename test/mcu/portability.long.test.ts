/** What a compiler or a board must not do unseen to the firmware. The matrix of compilers is `npm run test:ports`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { buildHostProgram } from "../../scripts/mcu/build-firmware.ts";
import {
  arithmeticFlags,
  bareFlags,
  coreCompiler,
  cores,
  firmwareFolder,
  hasProgram,
  hostCompiler,
  runTool,
  warningFlags,
} from "../../scripts/mcu/toolchain.ts";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { reasonToSkip } from "./skip-reason.ts";

const scratch = createScratchFolder("portability");
afterAll(scratch.remove);

test.skipIf(reasonToSkip("host") !== null)("cuts the names of a board to what a Hello has room for", () => {
  const program = buildHostProgram("long-names", scratch.path);
  const payload = Buffer.from(runTool(program, []).trim(), "hex");
  expect(payload.length).toBeLessThanOrEqual(246);
  const hello = decodeMessage(packetTypeOf("hello"), payload);
  expect(hello).toMatchObject({
    ok: true,
    value: { deviceId: "n".repeat(63), channels: [{ name: "n".repeat(48), unit: "" }] },
  });
});

test.skipIf(reasonToSkip("host") !== null)("a board from the template tells every gap at its place", () => {
  const program = buildHostProgram("template-board", scratch.path);
  const counts = JSON.parse(runTool(program, [])) as Record<string, number>;
  expect(counts.misplaced).toBe(0);
  expect(counts.taken).toBeGreaterThan(100_000);
  expect(counts.lost).toBeGreaterThan(1000);
});

test.skipIf(reasonToSkip("host") !== null)("a ring has no race between its writer and its reader", () => {
  const program = buildHostProgram("ring-threads", scratch.path);
  expect(JSON.parse(runTool(program, []))).toEqual({ misplaced: 0 });
});

test.skipIf(reasonToSkip("host") !== null)(
  "a board from the template has no race between its interrupts and its main loop",
  () => {
    const program = buildHostProgram("template-threads", scratch.path);
    expect(JSON.parse(runTool(program, []))).toEqual({ missing: 0, misplaced: 0, speed: 1800 });
  },
);

test.skipIf(!hasProgram("clang")).each([
  ["a Cortex-M0", ["--target=arm-none-eabi", "-mcpu=cortex-m0", "-mthumb"]],
  ["rv32imc", ["--target=riscv32-unknown-elf", "-march=rv32imc", "-mabi=ilp32"]],
])("clang builds the template for %s without a library of atomics", (_core, flags) => {
  const board = join(firmwareFolder(), "board_template.c");
  const args = [...warningFlags, "-ffreestanding", "-Os", ...flags, "-iquote", firmwareFolder()];
  const { stdout, stderr } = spawnSync("clang", [...args, "-S", "-o", "-", board], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout).toContain("board_samples");
  expect(stdout).not.toContain("__atomic");
});

test.skipIf(reasonToSkip("host") !== null)(
  "a board from the template tells a standing shaft from an unknown speed",
  () => {
    const program = buildHostProgram("template-board", scratch.path);
    expect(JSON.parse(runTool(program, []))).toMatchObject({
      withoutPulses: null,
      firstPulse: null,
      secondPulse: 1797,
      jitter: 1797,
      faster: 1800,
      slower: 1700,
      beforeTimeOut: 1700,
      timeOut: 0,
      longAfter: 0,
      clockAround: 0,
      firstPulseAgain: 0,
      secondPulseAgain: 900,
      standingAgain: 0,
      pulsesAtOnce: 1500,
    });
  },
);

describe.skipIf(reasonToSkip("host") !== null)("a limit that the firmware is built with", () => {
  /** What the compiler says of a source of the library with a limit. */
  const check = (source: string, limit: string): string =>
    spawnSync(
      hostCompiler(),
      [
        "-fsyntax-only",
        ...warningFlags,
        ...arithmeticFlags,
        `-D${limit}`,
        "-iquote",
        firmwareFolder(),
        join(firmwareFolder(), source),
      ],
      { encoding: "utf8" },
    ).stderr;

  test.each([
    ["AURORA_MODEL_MAX_WIDTH", "student.c", [4, 32, 128], [0, 3, 30, 33, 130, 132]],
    ["FRAME_MAX_PAYLOAD", "frame.c", [256, 1024], [0, 100, 255, 1025]],
    ["FRAME_MAX_PAYLOAD", "message.c", [256, 1024], [100, 255, 1025]],
    ["AURORA_FEATURES_MAX_FFT", "features.c", [64, 4096], [0, 32, 3000, 8192]],
    ["FIFO_SAMPLES", "fifo.c", [96, 1000], [0, 95]],
    ["RING_BYTES", "board_template.c", [512, 1024], [0, 256, 600]],
  ])("%s stops the compiler of %s where it is out of range", (name, source, taken, refused) => {
    for (const value of taken) expect(check(source, `${name}=${value}U`), String(value)).toBe("");
    for (const value of refused)
      expect(check(source, `${name}=${value}U`), String(value)).toContain(`"${name}: `);
  });
});

const missing = reasonToSkip("m4");
describe.skipIf(missing !== null)(
  `a compiler for Cortex-M4${missing === null ? "" : ` (${missing})`}`,
  () => {
    /** The assembly of a source with flags, or the compiler's complaint. */
    const compile = (source: string, flags: readonly string[]): string => {
      const { stdout, stderr } = spawnSync(
        coreCompiler,
        [
          "-O2",
          ...bareFlags,
          ...cores.m4.flags,
          ...flags,
          "-iquote",
          firmwareFolder(),
          "-S",
          "-o",
          "-",
          join(firmwareFolder(), source),
        ],
        { encoding: "utf8" },
      );
      return stdout + stderr;
    };

    test("fuses no multiplication with an addition, unless AURORA_NO_CONTRACTION says that its flags see to that", () => {
      for (const flags of [[], ["-std=gnu11"], ["-ffp-contract=fast"]]) {
        for (const source of [
          "spectrum.c",
          "comb.c",
          "envelope.c",
          "prediction.c",
          "decimator.c",
          "features.c",
          "float_math.c",
        ]) {
          const assembly = compile(source, flags);
          expect(assembly).toMatch(/\tvmul\.f32/);
          expect(assembly, `${source} ${flags.join(" ")}`).not.toMatch(/\tvfn?m[as]/);
        }
      }
    });

    test("is refused with arithmetic that is not as written, and with big-endian numbers", () => {
      expect(compile("features.c", warningFlags)).not.toContain("error");
      for (const flag of ["-ffast-math", "-Ofast", "-fassociative-math -fno-signed-zeros -fno-trapping-math"])
        expect(compile("features.c", flag.split(" ")), flag).toContain("-ffast-math");
      expect(compile("codec.c", ["-mbig-endian"])).toContain("little-endian");
    });

    test("is taken for a Cortex-M55 in GNU C, and computes no float32 there in vectors, which have no subnormal numbers", () => {
      const m55 = ["-mcpu=cortex-m55", "-mfpu=auto", "-std=gnu11", "-O3", ...arithmeticFlags];
      for (const source of ["prediction.c", "envelope.c", "spectrum.c", "features.c"]) {
        const assembly = compile(source, m55);
        expect(assembly, source).toMatch(/\tv\w+\.f32\ts/);
        expect(assembly, source).not.toMatch(/\tv\w+\.f32\tq/);
      }
    });

    test("calls no library for a square root where it would set errno", () => {
      expect(compile("float_math.c", ["-fmath-errno"])).not.toContain("sqrtf");
      expect(compile("float_math.c", ["-fno-math-errno"])).toMatch(/vsqrt\w*\.f32/);
    });

    test("orders what a ring's two sides do", () => {
      expect(compile("board_mps2.c", []).match(/\tdmb/g)?.length).toBeGreaterThanOrEqual(4);
    });
  },
);
