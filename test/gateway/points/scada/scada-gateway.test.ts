import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeGolden } from "../../../../src/core/bundle/golden.ts";
import { writeBundle } from "../../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../../src/core/contract/bundle/manifest.ts";
import { fitReference } from "../../../../src/core/drift/fit-reference.ts";
import { encodeReference } from "../../../../src/core/drift/reference-codec.ts";
import { encodeBackground } from "../../../../src/core/explain/background.ts";
import { encodeStudent } from "../../../../src/core/inference/onnx-codec.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { until } from "../../../support/until.ts";
import { createInstallation, type Installation, statusWhen } from "../../installation.ts";
import { startOpenBroker } from "../../open-broker.ts";
import { listen } from "../../subscriber.ts";
import { channels, createScadaBundle, dayMs, spec, startMs, unitOf } from "./scada-site.ts";

const random = createRandom(4);
const outputs = spec.residuals.length;
const rowMs = dayMs / 6;

/** Puts a signed bundle whose student always expects 60 °C beside the others. */
async function putScadaBundle({ folder, release }: Installation): Promise<void> {
  const { files: _, ...manifest } = createScadaBundle("1.0.0", {
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

const mapping = (turbine: string, names: readonly string[]) => ({
  topic: `scada/${turbine}`,
  turbine,
  timePath: "time",
  channels: names.map((name) => ({ name, path: `values.${name}`, unit: unitOf(name) })),
});
const turbines = ["T1", "T2"].map((id) => ({ id, scadaBundle: "scada-test" }));

test("readings of a SCADA bridge become an explained alert about a component, days ahead, and a state", async () => {
  const installation = await createInstallation();
  await putScadaBundle(installation);
  await startOpenBroker(installation);
  const subscriber = await listen(installation);
  const scada = turbines.map(({ id }) => mapping(id, channels));
  const first = await installation.startGateway([], { turbines, scada });
  await statusWhen(first, (status) => status.mqtt.connected);
  const bridge = installation.connect("a-scada-bridge");
  await until(() => bridge.connected, "the bridge");
  const play = async (from: number, to: number): Promise<void> => {
    const sent: Promise<void>[] = [];
    for (let row = from; row < to; row++) {
      for (const { id } of turbines) {
        const wind = 6 + 4 * random.uniform();
        const heat = id === "T1" ? Math.max(0, row / 6 - 32) : 0;
        const values = Object.fromEntries(
          channels.map((name) => [
            name,
            name === "wind" ? wind : name === "power" ? 100 + (wind - 4) * 237.5 : 60 + random.normal(),
          ]),
        );
        values["gear-oil"]! += heat;
        const time = startMs + row * rowMs;
        sent.push(bridge.publish(`scada/${id}`, JSON.stringify({ time, values }), { qos: 1, retain: false }));
      }
      if (row % 6 === 5) await Promise.all(sent.splice(0));
    }
  };
  await play(0, 34 * 6);
  await until(() => subscriber.states.get("T2")?.health === "ok", "a healthy turbine");
  expect(subscriber.alerts).toEqual([]);
  await first.close();
  const second = await installation.startGateway([], { turbines, scada });
  await statusWhen(second, (status) => status.mqtt.connected);
  await play(34 * 6, 44 * 6);
  await until(() => subscriber.alerts.length > 0, "an alert");
  const { data } = subscriber.alerts[0]!;
  expect(data).toMatchObject({
    turbine: "T1",
    component: "gearbox",
    failureMode: "failure-ahead",
    horizonHours: 1440,
  });
  expect(data.explanation.groups[0]!.name).toBe("gear oil");
  expect(data.explanation.gap).toBeLessThan(1e-9);
  await until(() => subscriber.states.get("T1")?.health === "alarm", "the turbine's state");
  expect((await second.status()).windows.dropped).toBe(0);
  await bridge.close();
});

test("a bundle whose channels nobody maps, or that watches no SCADA values, is refused at the start", async () => {
  const installation = await createInstallation();
  await putScadaBundle(installation);
  const start = (changes: Readonly<Record<string, unknown>>) => installation.startGateway([], changes);
  await expect(start({ turbines: [turbines[0]], scada: [mapping("T1", channels.slice(1))] })).rejects.toThrow(
    "turbine T1: no topic under scada maps power",
  );
  await expect(start({ turbines: [{ id: "T1", scadaBundle: "bearing-test" }], scada: [] })).rejects.toThrow(
    "bundle bearing-test does not watch SCADA values (its task is diagnosis)",
  );
  const repairs = [{ component: "rotor", date: "2026-01-01" }];
  await expect(
    start({ turbines: [{ ...turbines[0], repairs }], scada: [mapping("T1", channels)] }),
  ).rejects.toThrow('knows no component "rotor"');
});
