import { expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import type { Quarantine } from "../../../src/core/contract/stream.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { findHighestOrder, findMostRpm } from "../../../src/core/serving/hearable-speed.ts";
import { createMeasuringPoint } from "../../../src/core/serving/measuring-point.ts";
import { blockAt, createFakeBundle, point as id } from "../../gateway/fakes.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
const sampleRateHz = 12_000;

/** What comes of four seconds at what SCADA says, and of a shaft that turns so many times as fast. */
function listen(scadaRpm: number, speedRatio?: number) {
  const set: Quarantine[] = [];
  const heard: { rpm: number; state: string }[] = [];
  const clock = createManualClock();
  const random = createRandom(1);
  const point = createMeasuringPoint({
    id,
    config: {
      component: id.component,
      bundle: "bearing-sample",
      device: "mcu",
      channel: "de",
      bearing,
      speedRatio,
      shaftRpm: 1_500,
      baselineEpoch: 0,
    },
    bundle: createFakeBundle("1.0.0", {
      features: bearingFeatureSpec,
      window: bearingWindow,
    }),
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
    readings: { read: (_turbine, channel) => (channel === "power" ? Number.NaN : scadaRpm) },
    clock,
    sink: {
      submit: ({ window, operatingState }) => heard.push({ rpm: window.shaftRpm, state: operatingState }),
      noteMissing: () => {},
      onQuarantine: (quarantine) => set.push(quarantine),
    },
  });
  for (let index = 0; index < 100; index++)
    point.accept(
      blockAt(index, {
        sampleRateHz,
        firstSample: index * 480,
        timestampMs: clock.nowMs() + index * 40,
        shaftRpm: Number.NaN,
        counts: Int16Array.from({ length: 480 }, () => random.normal() * 300),
        arrivedMonotonicMs: clock.monotonicMs(),
      }),
    );
  return { heard, set, fastestRpm: point.heard.fastest.most };
}

test("a speed at which the bearing's lines lie beyond what a sensor hears is none, and says so", () => {
  for (const rpm of [65_535, 32_767, 22_000]) {
    const { heard, set, fastestRpm } = listen(rpm);
    expect(heard).toEqual([]);
    expect(set).toHaveLength(100);
    expect(set[0]).toMatchObject({ reason: "no-shaft-speed", cause: undefined });
    expect(set[0]!.detail).toBe(
      `a shaft speed of ${rpm} rpm is beyond what 12000 Hz can hear of this bearing: 21725 rpm at most`,
    );
    expect(fastestRpm).toBe(0);
  }
});

test("a fast shaft that can be heard is, whichever way it turns", () => {
  expect(listen(20_000).heard.length).toBeGreaterThan(20);
  const back = listen(-1_500).heard;
  expect(back.length).toBeGreaterThan(1);
  for (const each of back) expect(each).toEqual({ rpm: expect.closeTo(1_500), state: "full-performance" });
});

test("the highest line that is read lies at half of the rate of the envelope, of a fast sensor too", () => {
  const order = findHighestOrder(bearingFeatureSpec, bearing);
  expect(order).toBeCloseTo(3 * bearing.bpfi * 1.02);
  expect(findMostRpm(order, 48_000)).toBeCloseTo(findMostRpm(order, 12_000));
  expect(findMostRpm(order, 20_000) / findMostRpm(order, 10_000)).toBeCloseTo(2);
  expect(findMostRpm(0, 12_000)).toBe(Number.POSITIVE_INFINITY);
});

test("behind a gearbox windows are cut by the bearing's shaft, and its turbine stands by at the speed that is told", () => {
  const slow = listen(1_500, 0.5);
  expect(slow.heard.length).toBeGreaterThan(0);
  for (const each of slow.heard)
    expect(each).toEqual({ rpm: expect.closeTo(750), state: "full-performance" });
  expect(slow.fastestRpm).toBe(1_500);
  // 280 rpm of the bearing's shaft would stand by, and 1,400 of the told one do not.
  expect(listen(-1_400, 0.2).set).toEqual([]);
  expect(listen(-1_400, 0.2).fastestRpm).toBe(1_400);
  expect(listen(280, 5)).toMatchObject({ heard: [], fastestRpm: 0 });
});

test("a configured speed is the bearing's own shaft's, whatever the ratio", () => {
  for (const each of listen(Number.NaN, 2).heard) expect(each.rpm).toBeCloseTo(1_500);
  expect(listen(Number.NaN, 2).heard.length).toBeGreaterThan(1);
});

test("a speed that is too fast only by its ratio says both", () => {
  expect(listen(3_000, 10).set[0]!.detail).toBe(
    "a shaft speed of 30000 rpm is beyond what 12000 Hz can hear of this bearing: 21725 rpm at most (3000 rpm are told, and its speedRatio is 10)",
  );
});
