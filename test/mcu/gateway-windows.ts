/** What the gateway makes of the windows that the check program is given, to hold the device's against. */
import { expect } from "vitest";
import type { CheckWindow, WindowResult } from "../../scripts/mcu/check-commands.ts";
import type { ShippedModel } from "../../scripts/mcu/shipped-models.ts";
import type { WaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";

/** float32 on the device against float64 on the gateway, in the features' own unit (natural logarithms). */
const tolerance = 0.005;

/** The gateway's features of a window; null where it scores none. */
export function extract(extractor: WaveformExtractor, window: CheckWindow): Float32Array | null {
  const row = new Float32Array(extractor.featureNames.length);
  try {
    extractor.begin({ ...window, shaftRpm: window.pieces[0]!.shaftRpm });
    for (const { counts, shaftRpm } of window.pieces) {
      extractor.push({ counts, from: 0, to: counts.length, scale: window.scale, shaftRpm });
    }
    extractor.finish(row, 0);
  } catch {
    return null;
  }
  return row.every(Number.isFinite) ? row : null;
}

/** The device's window beside the gateway's features: the same but for rounding, and the integers that the student makes of its inputs. */
export function expectAlike(
  actual: WindowResult,
  expected: Float32Array | null,
  { student }: ShippedModel,
): void {
  expect(actual.scored).toBe(expected !== null);
  if (expected === null) return;
  for (const [feature, value] of expected.entries()) {
    expect(Math.abs(actual.features[feature]! - value)).toBeLessThan(tolerance);
  }
  const kernel = createIntegerKernel(student);
  const logits = new Uint8Array(kernel.outputs);
  kernel.runQuantisedInto(actual.quantised, 1, logits);
  expect(actual.logits).toEqual(logits);
}
