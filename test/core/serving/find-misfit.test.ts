import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../../src/core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { createFitCheck, createRateWatch, digestFitted } from "../../../src/core/serving/find-misfit.ts";

const read = (name: string): Manifest =>
  JSON.parse(readFileSync(join(packageRoot(), "models", name, "1.0.0", "manifest.json"), "utf8"));
const bearing = read("bearing-vibration");
const scada = read("turbine-scada");
const orders = { bpfo: 3.0775, bpfi: 4.9225, bsf: 4.0634, ftf: 0.3847 };

function configure(changes: object = {}): GatewayConfig {
  return gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    devices: [{ id: "mcu-1", connect: "tcp://127.0.0.1:7001" }],
    turbines: [
      {
        id: "WT1",
        points: [{ component: "pump", device: "mcu-1", channel: "accel-de", bearing: orders }],
      },
      { id: "WT2", scadaBundle: "turbine-scada" },
    ],
    scada: [
      {
        topic: "a",
        turbine: "WT2",
        channels: scada.channels.map(({ name, unit }) => ({ name, unit, path: name })),
      },
    ],
    ...changes,
  });
}

const newer = (manifest: Manifest, changes: Partial<Manifest> = {}): Manifest => {
  return { ...manifest, version: "1.1.0", ...changes };
};
const inUnit = (manifest: Manifest, unit: string) =>
  manifest.channels.map((channel, at) => (at === 0 ? { ...channel, unit } : channel));

test("a newer version of the same kind fits, whatever its windows, its outputs and the name of its samples", () => {
  const findMisfit = createFitCheck(configure());
  const [channel] = bearing.channels;
  const changes = {
    channels: [{ ...channel!, name: "other", minRateHz: channel!.minRateHz / 2 }],
    window: { unit: "revolutions", length: 30, hop: 30 },
    outputs: [],
  } as const;
  expect(findMisfit(newer(bearing, changes), bearing)).toBeNull();
  expect(findMisfit(newer(scada), scada)).toBeNull();
});

test("a model that needs fewer of the mapped channels fits, and what fitted the model before no better is no reason", () => {
  const kept = scada.channels.slice(0, -1);
  expect(createFitCheck(configure())(newer(scada, { channels: kept }), scada)).toBeNull();
  const [first, ...others] = configure().scada[0]!.channels;
  const lacking = configure({ scada: [{ topic: "a", turbine: "WT2", channels: others }] });
  const another = { ...scada.channels[0]!, name: "another" };
  expect(first!.name).toBe(scada.channels[0]!.name);
  const both = [...scada.channels, another];
  expect(createFitCheck(lacking)(newer(scada, { channels: both }), scada)).toBeNull();
});

test("configurations are told apart by what a bundle must fit, and not by addresses", () => {
  const moved = [{ id: "mcu-1", connect: "tcp://127.0.0.1:7002" }];
  const digest = digestFitted(configure());
  expect(digestFitted(configure({ devices: moved }))).toBe(digest);
  expect(digestFitted(configure({ devices: [{ ...moved[0], mode: "edge" }] }))).not.toBe(digest);
  expect(digestFitted(configure({ scada: [] }))).not.toBe(digest);
});

test("a model for the gateway alone does not fit where a device scores by itself", () => {
  const files = bearing.files.filter(({ path }) => path !== "model.mcu.bin");
  expect(files.length).toBe(bearing.files.length - 1);
  const alone = newer(bearing, { files });
  expect(createFitCheck(configure())(alone, bearing)).toBeNull();
  const devices = [{ id: "mcu-1", connect: "tcp://127.0.0.1:7001", mode: "edge" }];
  expect(createFitCheck(configure({ devices }))(alone, bearing)).toMatch(
    /no model\.mcu\.bin, and the device of WT1/,
  );
});

test("another unit, another task, and a channel that is not mapped do not fit", () => {
  const findMisfit = createFitCheck(configure());
  expect(findMisfit(newer(bearing, { channels: inUnit(bearing, "m/s2") }), bearing)).toMatch(
    /^turbines\[0\]\.points\[0\]\.bundle: .*accelerations in m\/s2, and they come in g/,
  );
  expect(findMisfit(newer(bearing, { channels: inUnit(bearing, "V") }), bearing)).toMatch(
    / in V, and 1\.0\.0 in g$/,
  );
  expect(findMisfit(newer(bearing, { task: "prognosis" }), bearing)).toMatch(/task is prognosis/);
  expect(findMisfit({ ...scada, name: "bearing-vibration" }, bearing)).toMatch(/watches SCADA values/);
  expect(findMisfit({ ...bearing, name: "turbine-scada" }, scada)).toMatch(/does not watch SCADA values/);
  const another = { ...scada.channels[0]!, name: "another" };
  expect(findMisfit(newer(scada, { channels: [...scada.channels, another] }), scada)).toMatch(
    /maps another of/,
  );
  expect(findMisfit(newer(scada, { channels: inUnit(scada, "furlong") }), scada)).toMatch(
    /expected in furlong/,
  );
});

/** What the device of a configuration is heard to send. */
const heardAt = (sampleRateHz: number) =>
  createRateWatch(configure(), () => [{ name: "accel-de", unit: "m/s2", sampleRateHz, scale: 1 }]);

test("a rate that the device sends and the model before takes must be taken; of a device that was not heard nothing is known", () => {
  const next = newer(bearing, { channels: [{ ...bearing.channels[0]!, minRateHz: 20_000 }] });
  expect(heardAt(12_000).find(next, bearing)?.misfit).toMatch(
    /takes 20000 to \d+ Hz, and the device of WT1\/pump sends 12000 Hz/,
  );
  for (const watch of [heardAt(25_600), heardAt(1), createRateWatch(configure(), () => [])]) {
    expect(watch.find(next, bearing)).toBeNull();
  }
});

test("what a device sent that was in a bundle's way is over once it is heard to send something else", () => {
  const next = newer(bearing, { channels: [{ ...bearing.channels[0]!, minRateHz: 20_000 }] });
  const sent = heardAt(12_000).find(next, bearing)?.sent;
  expect(sent).toMatch(/\/accel-de: 12000 Hz, m\/s2$/);
  expect(heardAt(25_600).find(next, bearing)).toBeNull();
  expect([12_000, 25_600].map((rateHz) => heardAt(rateHz).isOver(sent!))).toEqual([false, true]);
  expect(createRateWatch(configure(), () => []).isOver(sent!)).toBe(false);
});

test("what does not fit the model before either is not the newer one's fault", () => {
  const mapped = scada.channels.map(({ name }) => ({ name, unit: "furlong", path: name }));
  const config = configure({ scada: [{ topic: "a", turbine: "WT2", channels: mapped }] });
  expect(createFitCheck(config)(newer(scada), scada)).toBeNull();
});
