/** What a compiler or a board must not do unseen to the firmware. The matrix of compilers is `npm run test:ports`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { buildHostProgram } from "../../scripts/mcu/build-firmware.ts";
import {
  bareFlags,
  coreCompiler,
  cores,
  firmwareFolder,
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

    test("calls no library for a square root where it would set errno", () => {
      expect(compile("float_math.c", ["-fmath-errno"])).not.toContain("sqrtf");
      expect(compile("float_math.c", ["-fno-math-errno"])).toMatch(/vsqrt\w*\.f32/);
    });

    test("orders what a ring's two sides do", () => {
      expect(compile("board_mps2.c", []).match(/\tdmb/g)?.length).toBeGreaterThanOrEqual(4);
    });
  },
);
