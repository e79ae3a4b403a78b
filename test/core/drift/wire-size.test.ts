import { expect, it } from "vitest";
import type { DriftReport } from "../../../src/core/contract/uplink-record.ts";
import { fitReference } from "../../../src/core/drift/fit-reference.ts";
import { createSketcher } from "../../../src/core/drift/sketcher.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";

it("a sketch of ten minutes at one window a second takes at most 100 bytes on the uplink", () => {
  const random = createRandom(4);
  const features = 36;
  const row = (): Float32Array => Float32Array.from({ length: features }, () => 100 * random.normal());
  const rows = Array.from({ length: 400 }, row);
  const names = rows[0]!.map((_, index) => index);
  const reference = fitReference(
    { rows, featureNames: Array.from(names, String), scoreRows: null },
    { seed: 1, replicates: 20 },
  );
  const sketcher = createSketcher(reference);
  for (let window = 0; window < 600; window++) sketcher.update(row(), null);
  const sketches = sketcher.take();
  const report: Omit<DriftReport, "sketches"> = {
    kind: "drift-report",
    site: "s",
    turbine: "t",
    component: "c",
    modelName: "m",
    modelVersion: "1.0.0",
    modelDigest: "d",
    fromMs: 1_700_000_000_000,
    toMs: 1_700_000_600_000,
  };
  const empty = encodeRecord({ ...report, sketches: [] }).length;
  const bytes = encodeRecord({ ...report, sketches }).length - empty;
  expect(bytes / features).toBeLessThanOrEqual(100);
  for (const sketch of sketches) {
    expect(encodeRecord({ ...report, sketches: [sketch] }).length - empty).toBeLessThanOrEqual(100);
  }
});
