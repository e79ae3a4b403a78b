import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import type { WindowSpec } from "../../src/core/contract/bundle/manifest.ts";
import type { FeatureWindow, Quarantine } from "../../src/core/contract/stream.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { createWindowCutter } from "../../src/core/serving/window-cutter.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { createTestBundle, otherSpec, type TestBundleOptions } from "../support/test-bundle.ts";

const point = { site: "north", turbine: "WT01", component: "generator-bearing" };
const half: WindowSpec = { unit: "revolutions", length: 30, hop: 15 };

interface Cut {
  readonly windows: { readonly window: FeatureWindow; readonly version: string }[];
  readonly quarantines: Quarantine[];
}

/** Streams 40 s of a turbine and takes the bundles into use one after the other, in the midst of a window. */
async function cutThrough(
  bundles: readonly LoadedBundle[],
  samplesPerBlock: number,
  sampleRateHz = 12_000,
): Promise<Cut> {
  const simulation = createTurbineSimulation({ seed: 5, turbines: 1, fault: "none", sampleRateHz });
  const cut: Cut = { windows: [], quarantines: [] };
  const cutter = createWindowCutter({
    point,
    bearing: simulation.turbines[0]!.orders,
    bundle: bundles[0]!,
    onQuarantine: (quarantine) => cut.quarantines.push(quarantine),
  });
  const blocks = Math.floor((40 * sampleRateHz) / samplesPerBlock);
  const retired: Promise<void>[] = [];
  let next = 1;
  for (let index = 0; index < blocks; index++) {
    if (next < bundles.length && index >= (next * blocks) / bundles.length) {
      cutter.use(bundles[next]!);
      retired.push(bundles[next - 1]!.retire());
      next++;
    }
    const { counts, firstSample, shaftRpm } = simulation.nextBlock(0, samplesPerBlock);
    const ended = cutter.accept({
      deviceId: "mcu",
      channel: "accel-de",
      unit: "g",
      // The device's clock trembles a little.
      timestampMs: 1_700_000_000_000 + (firstSample * 1000) / sampleRateHz + (index % 3),
      firstSample,
      sampleRateHz,
      scale: simulation.scale,
      shaftRpm,
      counts,
      arrivedMonotonicMs: 0,
    });
    for (const { window, bundle } of ended) cut.windows.push({ window, version: bundle.ref.version });
  }
  cutter.close();
  await Promise.all([...retired, bundles.at(-1)!.retire()]);
  return cut;
}

async function load(...options: TestBundleOptions[]): Promise<LoadedBundle[]> {
  const folder = createTemporaryFolder();
  const key = parsePrivateKey(createKeyPair().privateKeyPem);
  return Promise.all(
    options.map(async (each, index) => {
      const dir = join(folder, `${index}`);
      await writeBundle(dir, createTestBundle({ ...each, version: `1.${index}.0` }), key);
      return serveBundle(dir, await verifyBundle(dir, [key.publicKey]), {
        engine: "integer",
        logger: silentLogger,
      });
    }),
  );
}

const trials: readonly { readonly name: string; readonly options: readonly TestBundleOptions[] }[] = [
  { name: "the same window and features", options: [{}, {}, {}] },
  { name: "another window and other features", options: [{}, otherSpec, {}] },
  { name: "and from overlapping windows", options: [{ window: half }, otherSpec, { window: half }] },
];

test.for(trials)("a swap to $name loses and doubles no window", async ({ options }) => {
  for (const samplesPerBlock of [496, 7_777]) {
    const { windows, quarantines } = await cutThrough(await load(...options), samplesPerBlock);
    expect(quarantines).toEqual([]);
    const versions = windows.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted());
    expect(new Set(versions)).toEqual(new Set(["1.0.0", "1.1.0", "1.2.0"]));
    expect(new Set(windows.map(({ window }) => window.id)).size).toBe(windows.length);
    for (const [index, { window, version }] of windows.entries()) {
      const before = windows[index - 1];
      if (before === undefined) continue;
      const hops = options[Number(version[2])]?.window === half ? 0.5 : 1;
      const lengthMs = before.window.toMs - before.window.fromMs;
      // Each begins where the one before ended, or in its middle where windows overlap.
      const expected = before.version === version ? before.window.fromMs + hops * lengthMs : undefined;
      if (expected !== undefined) expect(Math.abs(window.fromMs - expected)).toBeLessThan(20);
      else expect(window.fromMs).toBeLessThanOrEqual(before.window.toMs + 1);
    }
  }
});

test("a swap at any moment leaves every window's features what they would have been, in both bands", async () => {
  for (const rateHz of [12_000, 25_600]) {
    const plain = await cutThrough(await load({}), 1000, rateHz);
    const swapped = await cutThrough(await load({}, {}, {}, {}), 1000, rateHz);
    expect(swapped.windows.map(({ window }) => window)).toEqual(plain.windows.map(({ window }) => window));
    for (const { window } of plain.windows) expect("upperFeatures" in window).toBe(rateHz > 24_000);
  }
});

test("windows follow each other to the millisecond when the window's length changes", async () => {
  const { windows } = await cutThrough(await load({}, otherSpec), createRandom(3).integer(3000) + 100);
  for (const [index, { window }] of windows.entries()) {
    if (index > 0) expect(Math.abs(window.fromMs - windows[index - 1]!.window.toMs)).toBeLessThanOrEqual(1);
  }
});
