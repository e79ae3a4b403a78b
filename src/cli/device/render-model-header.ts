/** `model.mcu.bin` as a C header, for firmware that links its model in instead of loading it from a slot. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { decodeMcuModel } from "../../core/inference/mcu-codec.ts";

const wordsPerLine = 8;

/**
 * Text of the header: the file's bytes as 32-bit words, which aligns them. Equal bundles give equal text.
 * @throws AuroraError BUNDLE_INCOMPATIBLE when the bundle has no model for microcontrollers.
 */
export function renderModelHeader({ manifest, digest, files }: Bundle): string {
  const bytes = files.get(mcuModelFileName);
  if (bytes === undefined) {
    throw new AuroraError("BUNDLE_INCOMPATIBLE", `has no ${mcuModelFileName}`, {
      op: "export C header",
      subject: `${manifest.name}@${manifest.version}`,
      hint: "Only bundles whose student fits a microcontroller can be exported; train it with such a recipe.",
    });
  }
  const image = decodeMcuModel(bytes);
  const widths = [image.layers[0]!.inputs, ...image.layers.map((layer) => layer.outputs)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from(
    { length: bytes.length / 4 },
    (_, index) =>
      `0x${view
        .getUint32(4 * index, true)
        .toString(16)
        .padStart(8, "0")}u`,
  );
  const lines = [];
  for (let from = 0; from < words.length; from += wordsPerLine) {
    lines.push(`    ${words.slice(from, from + wordsPerLine).join(", ")},`);
  }
  return `/*
 * ${manifest.name}@${manifest.version}, a ${widths.join("-")} student${image.features === null ? "" : " with its feature list"}; made by \`aurora bundle export-c\`.
 * Bundle ${digest}.
 *
 *   aurora_model model;
 *   if (aurora_model_open((const uint8_t *)aurora_model_words, AURORA_MODEL_BYTES, &model) == AURORA_MODEL_OK) …
 *
 * The file of MODEL_FORMAT.md as little-endian words. Include it in one source file only.
 */
#ifndef AURORA_MODEL_DATA_H
#define AURORA_MODEL_DATA_H

#include <stdint.h>

#define AURORA_MODEL_BYTES ${bytes.length}u

static const uint32_t aurora_model_words[${words.length}] = {
${lines.join("\n")}
};

#endif
`;
}
