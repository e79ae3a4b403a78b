import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { tryCutting } from "../../../src/core/serving/try-cutting.ts";

const read = (name: string): Manifest =>
  JSON.parse(readFileSync(join(packageRoot(), "models", name, "1.0.0", "manifest.json"), "utf8"));
const bearing = read("bearing-vibration");
const scada = read("turbine-scada");

test("what is shipped can be cut", () => {
  for (const manifest of [bearing, scada]) expect(() => tryCutting(manifest)).not.toThrow();
});

test("levels of another catalogue, windows longer than their chains, and what has no samples are refused before anything is cut", () => {
  const baseline = bearing.baseline!;
  const levels = { ...baseline, levels: { ...baseline.levels, catalogueVersion: 2 } };
  const refusals: readonly [Partial<Manifest>, string, RegExp][] = [
    [{ baseline: levels }, "BUNDLE_INCOMPATIBLE", /for catalogue version 2, this runtime has 1/],
    [{ window: { unit: "revolutions", length: 900, hop: 900 } }, "BUNDLE_INCOMPATIBLE", /longer than the/],
    [{ window: { unit: "revolutions", length: 60, hop: 0.5 } }, "BUNDLE_FORMAT", /windows would overlap/],
    [{ window: scada.window }, "BUNDLE_FORMAT", /needs revolutions/],
    [{ channels: scada.channels }, "BUNDLE_FORMAT", /none of its channels is one of samples/],
    [{ features: scada.features }, "BUNDLE_INCOMPATIBLE", /no chain kind "readings" for waveforms/],
  ];
  for (const [changes, code, message] of refusals) {
    const refusal = expect.objectContaining({ code, message: expect.stringMatching(message) as string });
    expect(() => tryCutting({ ...bearing, ...changes })).toThrow(refusal);
  }
});

test("a row that lacks the channel of a residual, and features of waveforms in it, are refused", () => {
  const channel = scada.normalBehaviour!.residuals[0]!.channel;
  const channels = scada.channels.filter(({ name }) => name !== channel);
  expect(() => tryCutting({ ...scada, channels })).toThrow(
    expect.objectContaining({ code: "BUNDLE_FORMAT", message: expect.stringContaining(channel) as string }),
  );
  expect(() => tryCutting({ ...scada, features: bearing.features })).toThrow(
    expect.objectContaining({ code: "BUNDLE_INCOMPATIBLE" }),
  );
});
