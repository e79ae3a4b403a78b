/** A bundle of SCADA values among those of an installation, small enough to be learnt by a test. */
import { join } from "node:path";
import { encodeGolden } from "../../../../src/core/bundle/golden.ts";
import { writeBundle } from "../../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../../src/core/contract/bundle/manifest.ts";
import { fitReference } from "../../../../src/core/drift/fit-reference.ts";
import { encodeReference } from "../../../../src/core/drift/reference-codec.ts";
import { encodeBackground } from "../../../../src/core/explain/background.ts";
import { encodeStudent } from "../../../../src/core/inference/onnx-codec.ts";
import { createRandom, type Random } from "../../../../src/core/maths/random.ts";
import type { Installation } from "../../installation.ts";
import { channels, createScadaBundle, dayMs, spec } from "./scada-site.ts";

/** Length of a row of the bundle. */
export const rowMs: number = dayMs / 6;
const outputs = spec.residuals.length;

/** Readings of a turbine in row `row`: healthy but for the gear oil of T1, which warms by a degree a day from day 32 on. */
export function inventReadings(random: Random, turbine: string, row: number): Record<string, number> {
  const wind = 6 + 4 * random.uniform();
  const values = Object.fromEntries(
    channels.map((name) => [
      name,
      name === "wind" ? wind : name === "power" ? 100 + (wind - 4) * 237.5 : 60 + random.normal(),
    ]),
  );
  if (turbine === "T1") values["gear-oil"]! += Math.max(0, row / 6 - 32);
  return values;
}

/** Puts a signed bundle whose student always expects 60 °C beside the others. */
export async function putScadaBundle({ folder, release }: Installation, version = "1.0.0"): Promise<void> {
  const { files: _, ...manifest } = createScadaBundle(version, {
    statistics: {
      minRowsPerDay: 3,
      historyDays: 20,
      gapDays: 2,
      minHistoryDays: 5,
      relearnDays: 3,
      excludeDays: 2,
      minScale: 0.3,
      clip: 8,
      ewmaDays: 2,
    },
    policy: { ...spec.policy, roundDays: 1, muteDays: 8, referenceDays: 60 },
  }).manifest;
  const random = createRandom(4);
  const rows = Array.from({ length: 400 }, () => [random.normal(), random.normal()]);
  const scores = rows.map(() => Array.from({ length: outputs }, () => random.normal()));
  const student = {
    inputScale: Math.fround(0.1),
    inputZeroPoint: 128,
    layers: [
      {
        inputs: 2,
        outputs,
        relu: false,
        outputScale: Math.fround(0.1),
        outputZeroPoint: 128,
        weights: new Int8Array(2 * outputs),
        weightScales: new Float32Array(outputs).fill(0.01),
        bias: new Int32Array(outputs),
      },
    ],
  };
  const text = new TextEncoder();
  const golden = {
    kind: "random" as const,
    standardised: new Float32Array(2),
    logits: new Uint8Array(outputs).fill(128),
    shares: new Float32Array(outputs),
  };
  const background = { rows: 1, features: 2, values: new Float32Array(2), weights: Float64Array.of(1) };
  const files = new Map([
    [bundleFileNames.model, encodeStudent(student)],
    [
      bundleFileNames.reference,
      encodeReference(
        fitReference(
          { rows, featureNames: ["power", "power.2h"], scoreRows: scores },
          { seed: 1, replicates: 100 },
        ),
      ),
    ],
    [bundleFileNames.background, encodeBackground(background)],
    [bundleFileNames.golden, encodeGolden({ features: 2, outputs, groups: 1, cases: [golden] })],
    [bundleFileNames.card, text.encode("# For tests\n")],
    [bundleFileNames.evaluation, text.encode("{}")],
    [bundleFileNames.bom, text.encode("{}")],
  ]);
  const dir = join(folder, "models", manifest.name, manifest.version);
  await writeBundle(
    dir,
    {
      manifest: { ...manifest, window: { unit: "seconds", length: rowMs / 1000, hop: rowMs / 1000 } },
      files,
    },
    release,
  );
}
