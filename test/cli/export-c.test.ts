import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRandomStudent } from "../../scripts/mcu/random-student.ts";
import {
  firmwareFolder,
  hasProgram,
  hostCompiler,
  runTool,
  warningFlags,
} from "../../scripts/mcu/toolchain.ts";
import { renderModelHeader } from "../../src/cli/device/render-model-header.ts";
import type { Bundle } from "../../src/core/bundle/bundle.ts";
import { mcuModelFileName } from "../../src/core/contract/bundle/manifest.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { sampleManifest } from "../core/bundle/sample-bundle.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const student = createRandomStudent(createRandom(5), [6, 5, 3]);
const model = encodeMcuModel({
  name: "linked-in",
  version: "2.3.4",
  student,
  raiseAt: [256, 256, 256],
  features: null,
});
const program = `
#include <stdio.h>
#include "model_data.h"
#include "student.h"
int main(void) {
  static const uint8_t inputs[6] = {0, 255, 17, 200, 128, 3};
  aurora_model model;
  aurora_student_scratch scratch;
  uint8_t out[3];
  const int fault = (int)aurora_model_open((const uint8_t *)aurora_model_words, AURORA_MODEL_BYTES, &model);
  aurora_student_run(&model, inputs, out, &scratch);
  (void)printf("%d %s %s %d %d %d", fault, model.head->name, model.head->version, out[0], out[1], out[2]);
  return 0;
}
`;

describe("a bundle's model as a C header", () => {
  test.skipIf(!hasProgram(hostCompiler()))(
    "compiles without a warning and gives the student's integers",
    () => {
      const folder = createTemporaryFolder();
      writeFileSync(
        join(folder, "model_data.h"),
        renderModelHeader(bundleWith(new Map([[mcuModelFileName, model]]))),
      );
      writeFileSync(join(folder, "main.c"), program);
      const source = firmwareFolder();
      runTool(hostCompiler(), [
        ...warningFlags,
        "-DAURORA_NO_FEATURES",
        "-iquote",
        source,
        "-iquote",
        folder,
        join(folder, "main.c"),
        ...["model.c", "student.c", "sha256.c", "bytes.c"].map((file) => join(source, file)),
        "-o",
        join(folder, "main"),
      ]);
      const out = new Uint8Array(3);
      createIntegerKernel(student).runQuantisedInto(Uint8Array.of(0, 255, 17, 200, 128, 3), 1, out);
      expect(runTool(join(folder, "main"), [])).toBe(`0 linked-in 2.3.4 ${out.join(" ")}`);
    },
  );

  test("is refused for a bundle without a model for microcontrollers", () => {
    expect(() => renderModelHeader(bundleWith(new Map()))).toThrow(/has no model\.mcu\.bin/);
  });
});

function bundleWith(files: ReadonlyMap<string, Uint8Array>): Bundle {
  const none = new Uint8Array();
  return {
    manifest: { ...sampleManifest(), files: [] },
    digest: "0".repeat(64),
    files,
    manifestBytes: none,
    signatureBytes: none,
  };
}
