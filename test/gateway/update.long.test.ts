import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../scripts/bearing-feature-spec.ts";
import type { DeviceSimulator } from "../../src/cli/device/device-simulator.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { BaselineSpec } from "../../src/core/contract/bundle/baseline-spec.ts";
import { ungatedWords } from "../../src/core/contract/bundle/lineage.ts";
import type { WindowSpec } from "../../src/core/contract/bundle/manifest.ts";
import { nodeFileSystem } from "../../src/core/platform/files/file-system.ts";
import { createLogger } from "../../src/core/platform/logger.ts";
import { openSlots } from "../../src/core/serving/slots.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { findFreePort } from "../support/free-port.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import {
  createTestBundle,
  otherSpec,
  type TestBundleOptions,
  testBundleName,
} from "../support/test-bundle.ts";
import { until } from "../support/until.ts";
import type { RunningCollector } from "../support/whole-collector.ts";
import {
  createInstallation,
  type Installation,
  names,
  offersOf,
  type StatusPage,
  startDevice,
  statusWhen,
  type TestGateway,
  updatesFrom,
} from "./installation.ts";
import { createMadeSource, createTurbine } from "./turbines.ts";

const seed = 31;
/** Simulated seconds a second: a proof takes seconds, in which every window costs. */
const speed = 4;

/** Steps that the collector was told, oldest first: `activated 1.1.0`. */
async function steps(collector: RunningCollector): Promise<string[]> {
  const { items } = await collector.record.updates({ gateway: names.gateway, limit: 100, offset: 0 });
  return items.toReversed().map(({ step, toVersion }) => `${step} ${toVersion}`);
}

/** Windows that a turbine's first seconds make when nothing happens. */
function countWindows(samples: number): number {
  const { source } = createTurbine(seed, null, samples / 12_000);
  let windows = 0;
  const windower = createRevolutionWindower(bearingWindow, {
    begin: () => {},
    push: () => {},
    end: () => windows++,
    abandon: () => {},
    refuse: () => {},
  });
  const counts = new Int16Array(496);
  for (let firstSample = 0; ; ) {
    const { samples: read, shaftRpm } = source.read([counts]);
    if (read === 0) return windows;
    const time = { timestampMs: firstSample / 12, firstSample, sampleRateHz: 12_000 };
    const block = { deviceId: "d", channel: "c", unit: "g", scale: 1, shaftRpm, ...time };
    windower.accept({ ...block, counts: counts.subarray(0, read) });
    firstSample += read;
  }
}

interface Fleet {
  readonly gateway: TestGateway;
  readonly device: DeviceSimulator;
  /** Ends the stream five seconds of samples from now; returns how many samples that makes in all. */
  endStream(): number;
}

async function startFleet(installation: Installation, collector: RunningCollector): Promise<Fleet> {
  const { source, bearing } = createTurbine(seed, null);
  let position = 0;
  let end = Number.POSITIVE_INFINITY;
  const ending = createMadeSource((into) => {
    const part = into.subarray(0, Math.min(into.length, end - position));
    if (part.length === 0) return { samples: 0, shaftRpm: 0 };
    position += part.length;
    return source.read([part]);
  });
  const device = await startDevice("WT01", ending, speed);
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }], {
    updates: updatesFrom(installation, collector),
  });
  const endStream = (): number => {
    end = position + 60_000;
    return end;
  };
  return { gateway, device, endStream };
}

async function versionOf(gateway: TestGateway): Promise<string | undefined> {
  return (await gateway.status()).models[0]?.version;
}

test("newer bundles are proved and swapped in without a window lost, and a restart starts with them", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const { gateway, device, endStream } = await startFleet(installation, collector);
  await until(() => device.sentSamples > 50_000, "the stream flows");
  await installation.putBundle({ version: "1.1.0" }, offersOf(installation));
  await until(async () => (await steps(collector)).includes("activated 1.1.0"), "the update", 120_000);
  expect(await steps(collector)).toEqual(
    ["fetched", "verified", "staged", "proved", "activated"].map((step) => `${step} 1.1.0`),
  );
  expect(await versionOf(gateway)).toBe("1.1.0");
  const expected = countWindows(endStream());
  expect(await device.ended).toBe("source-ended");
  const { windows } = await statusWhen(gateway, (status) => status.windows.processed >= expected);
  expect(windows).toMatchObject({ processed: expected, quarantined: 0, dropped: 0 });

  // The next one goes into the other slot; the one before stays where it is.
  await installation.putBundle({ version: "1.2.0", ...otherSpec }, offersOf(installation));
  await until(async () => (await steps(collector)).includes("activated 1.2.0"), "the second update", 120_000);
  const slots = join(installation.folder, "gateway", "updates", testBundleName);
  const manifests = readdirSync(slots, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("manifest.json"))
    .map((path) => (JSON.parse(readFileSync(join(slots, path), "utf8")) as { version: string }).version);
  expect(manifests.sort()).toEqual(["1.1.0", "1.2.0"]);
  await gateway.close();
  await device.close();

  const again = await startFleet(installation, collector);
  expect(await versionOf(again.gateway)).toBe("1.2.0");
  await until(() => again.device.sentSamples > 50_000, "windows of the new kind");
  await until(async () => (await steps(collector)).length === 10, "every step told once");
  expect((await again.gateway.status()).windows.dropped).toBe(0);
});

test("a bundle whose gate was not asked says so in the log, the status and the update's steps, and by whose key it serves", async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const installation = await createInstallation(createLogger({ format: "json", write }));
  const { keyId } = installation.release;
  const collector = await installation.startCollector();
  const { bearing } = createTurbine(seed, null);
  const connect = `tcp://127.0.0.1:${await findFreePort()}`;
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect }], {
    updates: updatesFrom(installation, collector),
  });
  const logged = (message: string) => lines.filter((line) => line.message === message);
  expect(logged("model serves")).toMatchObject([{ model: { version: "1.0.0" }, signedBy: [keyId] }]);
  expect(logged("model serves")[0]).not.toHaveProperty("ungated");
  expect((await gateway.status()).models[0]).not.toHaveProperty("ungated");

  await installation.putBundle({ version: "1.1.0", ungated: true }, offersOf(installation));
  await until(async () => (await steps(collector)).includes("activated 1.1.0"), "the update", 120_000);
  expect((await gateway.status()).models).toMatchObject([{ version: "1.1.0", ungated: true }]);
  expect(logged("a new model serves")).toMatchObject([{ ungated: true, signedBy: [keyId] }]);
  const taken = logged("bundle taken up");
  expect(taken.filter(({ ungated }) => ungated === true)).toEqual(
    taken.filter(({ version }) => version === "1.1.0"),
  );
  expect(taken.at(-1)).toMatchObject({ version: "1.1.0", ungated: true });
  const { items } = await collector.record.updates({ limit: 100, offset: 0 });
  const verified = items.find(({ step }) => step === "verified");
  expect(verified?.detail).toBe(`signed by ${keyId}; UNGATED: ${ungatedWords}`);
  await gateway.close();
  const again = await installation.startGateway([{ id: "WT01", bearing, connect }]);
  expect(logged("model serves").at(-1)).toMatchObject({ model: { version: "1.1.0" }, ungated: true });
  expect((await again.status()).models).toMatchObject([{ version: "1.1.0", ungated: true }]);
});

test("a bundle with a wrong golden vector, of another catalogue or another signer is refused and reported", async () => {
  const installation = await createInstallation();
  const offers = offersOf(installation);
  const collector = await installation.startCollector();
  const { gateway, device } = await startFleet(installation, collector);
  const refusals = async (): Promise<string[]> =>
    (await steps(collector)).filter((step) => step.startsWith("refused"));

  await installation.putBundle({ version: "1.1.0", golden: "wrong" }, offers);
  await until(async () => (await refusals()).length === 1, "the first refusal", 120_000);
  await installation.putBundle({ version: "1.2.0", catalogueVersion: 2 }, offers);
  await until(async () => (await refusals()).length === 2, "the second refusal", 120_000);
  await installation.putBundle({ version: "1.3.0" }, offers, installation.foreign);
  await until(async () => (await refusals()).length === 3, "the third refusal", 120_000);

  expect(await refusals()).toEqual(["refused 1.1.0", "refused 1.2.0", "refused 1.3.0"]);
  const { items } = await collector.record.updates({ limit: 100, offset: 0 });
  const reasons = items.filter(({ step }) => step === "refused").map(({ detail }) => detail);
  expect(reasons[2]).toMatch(/1 of \d+ golden cases differ on this machine: case 0 .*output inner-race/);
  expect(reasons[1]).toMatch(/needs features catalogue 2, this runtime has 1/);
  expect(reasons[0]).toMatch(/trusted|sign/);

  // The old one serves on.
  const sent = device.sentSamples;
  const { windows } = await gateway.status();
  await until(() => device.sentSamples > sent + 50_000, "the stream flows");
  const later = await statusWhen(gateway, (status) => status.windows.processed > windows.processed);
  expect(later.models[0]?.version).toBe("1.0.0");
  expect(later.windows).toMatchObject({ quarantined: 0, dropped: 0 });
});

const inUnit = (unit: string) =>
  createTestBundle().manifest.channels.map((channel) => ({ ...channel, unit }));
const newerLevels: BaselineSpec = {
  levels: { ...bearingFeatureSpec, catalogueVersion: 2 },
  reference: bearingFeatureSpec.list.map(() => null),
  minWindows: 16,
};
const tooLong: WindowSpec = { unit: "revolutions", length: 900, hop: 900 };

test("what this runtime cannot cut, or does not fit the gateway's points, is refused for good, and the old one serves on", async () => {
  const installation = await createInstallation();
  const offers = offersOf(installation);
  const collector = await installation.startCollector();
  const { gateway, device } = await startFleet(installation, collector);
  const trials: readonly [TestBundleOptions["changes"], RegExp][] = [
    [{ channels: inUnit("m/s2") }, /does not fit this gateway: turbines\[0\]\.points\[0\]\.bundle: .* m\/s2/],
    [{ baseline: newerLevels }, /needs features catalogue 2/],
    [{ window: tooLong }, /longer than the/],
    [{ task: "prognosis" }, /its task is prognosis/],
  ];
  for (const [at, [changes, words]] of trials.entries()) {
    const version = `1.${at + 1}.0`;
    await installation.putBundle({ version, changes: changes! }, offers);
    const isRefused = async () => (await steps(collector)).includes(`refused ${version}`);
    await until(isRefused, version, 120_000);
    const { items } = await collector.record.updates({ limit: 1, offset: 0 });
    expect(items[0]).toMatchObject({ step: "refused", detail: expect.stringMatching(words) as string });
    expect(items[0]!.detail).not.toContain("tried again");
  }
  const { windows } = await gateway.status();
  const later = await statusWhen(gateway, (status) => status.windows.processed > windows.processed + 2);
  expect(later.models).toMatchObject([{ version: "1.0.0" }]);
  expect(later.models[0]).not.toHaveProperty("refused");
  expect(later.windows).toMatchObject({ quarantined: 0, dropped: 0 });
  await gateway.close();
  await device.close();
  const again = await startFleet(installation, collector);
  expect(await versionOf(again.gateway)).toBe("1.0.0");
  const told = (await steps(collector)).length;
  await until(() => again.device.sentSamples > 100_000, "looks after a restart");
  expect((await steps(collector)).length).toBe(told);
  await installation.putBundle({ version: "2.0.0" }, offers);
  await until(async () => (await steps(collector)).includes("activated 2.0.0"), "a good one", 120_000);
});

test.for([
  { name: "in another unit", changes: { channels: inUnit("m/s2") }, words: /does not fit this gateway/ },
  { name: "whose windows cannot be cut", changes: { window: tooLong }, words: /longer than the/ },
])(
  "a slot that was activated with a bundle $name is passed over at each start, by a kill as well, and said so",
  async ({ changes, words }) => {
    const installation = await createInstallation();
    const collector = await installation.startCollector();
    const offered = await installation.putBundle({ version: "1.1.0", changes }, offersOf(installation));
    const slots = openSlots(join(installation.folder, "gateway", "updates", testBundleName), nodeFileSystem);
    const bundle = await readBundle(offered);
    await slots.stage("a", bundle);
    await slots.activate("a", bundle.digest);
    const { source, bearing } = createTurbine(seed, null);
    const device = await startDevice("WT01", source, speed);
    const config = installation.writeGatewayConfig([{ id: "WT01", bearing, connect: device.address }], {
      updates: updatesFrom(installation, collector),
    });
    for (let start = 0; start < 3; start++) {
      const gateway = await startGatewayProcess(config);
      onTestFinished(gateway.kill);
      const { models } = (await gateway.status()) as unknown as StatusPage;
      expect(models).toMatchObject([
        { version: "1.0.0", refused: [{ dir: slots.dir("a"), reason: expect.stringMatching(words) }] },
      ]);
      await until(async () => {
        const { windows } = (await gateway.status()) as unknown as StatusPage;
        return windows.processed > 2 && windows.quarantined === 0;
      }, "windows");
      if (start === 0)
        await until(async () => (await steps(collector)).includes("refused 1.1.0"), "a refusal");
      await gateway.kill();
    }
    expect((await steps(collector)).filter((step) => /^(refused|activated)/.test(step))).toEqual([
      "refused 1.1.0",
    ]);
    const { items } = await collector.record.events({ limit: 100, offset: 0 });
    const event = items.find(({ name }) => name === "bundle-refused");
    expect(event?.detail).toMatch(words);
    expect(event?.detail).toMatch(/; bearing-test 1\.0\.0 serves in its place$/);
  },
);

test("a bundle of which one bit flipped on its way is refused and reported, and taken once it is whole", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  await installation.putBundle({ version: "1.1.0" }, offersOf(installation));
  const targets = join(installation.folder, "collector", "registry", "targets", testBundleName);
  const find = (): string | undefined =>
    existsSync(targets) ? readdirSync(targets).find((file) => file.endsWith(".1.1.0.tar")) : undefined;
  await until(() => find() !== undefined, "the bundle is published");
  const tar = join(targets, find()!);
  const good = readFileSync(tar);
  const bad = Buffer.from(good);
  bad[Math.floor(bad.length / 2)]! ^= 0x10;
  writeFileSync(tar, bad);

  const { gateway } = await startFleet(installation, collector);
  await until(async () => (await steps(collector)).length > 0, "the report", 120_000);
  expect(await steps(collector)).toEqual(["refused 1.1.0"]);
  expect(await versionOf(gateway)).toBe("1.0.0");
  writeFileSync(tar, good);
  await until(async () => (await steps(collector)).includes("activated 1.1.0"), "the whole one", 120_000);
  expect(await versionOf(gateway)).toBe("1.1.0");
});

test("a damaged slot is reported at the next start, and the shipped bundle serves", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const { gateway, device } = await startFleet(installation, collector);
  await installation.putBundle({ version: "1.1.0" }, offersOf(installation));
  await until(async () => (await steps(collector)).includes("activated 1.1.0"), "the update", 120_000);
  await gateway.close();
  await device.close();
  const slots = join(installation.folder, "gateway", "updates", testBundleName);
  const model = readdirSync(slots, { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith("model.int8.onnx"),
  );
  const bytes = readFileSync(join(slots, model!));
  bytes[100]! ^= 1;
  writeFileSync(join(slots, model!), bytes);

  const { bearing } = createTurbine(seed, null);
  const again = await installation.startGateway([{ id: "WT01", bearing, connect: "mqtt" }]);
  expect(await versionOf(again)).toBe("1.0.0");
  const events = async (): Promise<string[]> =>
    (await collector.record.events({ limit: 100, offset: 0 })).items.map(({ name }) => name);
  await until(async () => (await events()).includes("bundle-refused"), "the event");
});
