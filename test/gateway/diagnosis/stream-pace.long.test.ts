import { describe, expect, test } from "vitest";
import { hourMs, minuteMs } from "../../../src/core/maths/durations.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createToldDevice, type Stretch, type ToldDevice } from "./told-device.ts";

/** A device that has streamed well for so many minutes. */
function streamedFor(minutes: number): ToldDevice {
  const device = createToldDevice();
  const lately = Math.min(minutes, 10);
  // What is long ago may have come in fewer pieces.
  if (minutes > lately) device.stream((minutes - lately) * 60, { blockS: 5 });
  device.stream(lately * 60);
  expect(device.told).toEqual([]);
  return device;
}

/** It goes on measuring for so long, and keeps it all, while the gateway stands still. */
function stall(device: ToldDevice, seconds: number): void {
  device.clock.advance(seconds * 1_000);
}

/** It sends what it has kept at this pace until nothing is left, then goes on. */
function catchUp(device: ToldDevice, behindS: number, stretch: Stretch & { readonly pace: number }): void {
  device.stream(behindS / (stretch.pace - 1), stretch);
}

/** The last is longer than anything is remembered, an hour. */
const ages = [0.5, 5, 30, 120] as const;

describe.each(ages)("after %d min of a session", (minutes) => {
  test("an hour of samples that never came is a clock that is ahead", () => {
    const device = streamedFor(minutes);
    device.position += hourMs;
    device.clockMs += hourMs;
    device.block(500);
    expect(device.clockAheadMs).toBeCloseTo(hourMs, -4);
    device.stream(120);
    expect(device.said).toEqual([expect.stringMatching(/^clock: clock is (60 min|1 h) ahead; /)]);
  });

  test("samples at twice the rate that was said, of a future that has not come, are found within three minutes", () => {
    const device = streamedFor(minutes);
    device.stream(180, { pace: 2 });
    expect(device.said).toEqual([
      expect.stringMatching(/^clock: clock is .* ahead; time of arrival is used$/),
      "rate: 2,000 Hz measured, 1,000 said",
    ]);
    const aheadMs = device.clockMs - device.clock.nowMs();
    expect(device.clockAheadMs).toBeGreaterThan(aheadMs - 20_000);
  });

  test("ten samples in place of twelve are found within three minutes", () => {
    const device = streamedFor(minutes);
    device.stream(180, { pace: 10 / 12 });
    expect(device.said).toEqual(["rate: 833 Hz measured, 1,000 said"]);
  });

  test("a converter that is now two per cent fast is found within ten minutes", () => {
    const device = streamedFor(minutes);
    device.stream(600, { pace: 1.02 });
    expect(device.said).toEqual([expect.stringMatching(/^rate: 1,0(19|2\d) Hz measured, 1,000 said$/)]);
  });

  test.each([1.1, 1.2, 2, 20, 200])(
    "ten minutes that a device kept come at %d times the pace of the world, and nothing is said",
    (pace) => {
      for (const hasClock of [true, false]) {
        const device = streamedFor(minutes);
        if (!hasClock) {
          device.clockMs = Number.NaN;
          device.stream(120);
        }
        stall(device, 600);
        catchUp(device, 600, { pace });
        device.stream(300);
        expect(device.told, hasClock ? "stamped" : "without stamps").toEqual([]);
        expect(device.clockAheadMs).toBe(0);
      }
    },
  );
});

describe("a device that is well", () => {
  test.each([11, 12, 13, 14])(
    "is not blamed for a link that hesitates and stalls over and over (%d)",
    (seed) => {
      const random = createRandom(seed);
      const device = streamedFor(1);
      for (let round = 0; round < 60; round++) {
        const behindS = 3 + 35 * random.uniform() ** 2;
        stall(device, behindS);
        catchUp(device, behindS, { pace: 1.3 + 5 * random.uniform() });
        device.stream(60 + 200 * random.uniform(), { delayMs: () => 1_500 * random.uniform() ** 3 });
      }
      expect(device.told).toEqual([]);
    },
  );

  test("is not blamed for a link that carries a little for minutes, and all of it later", () => {
    const device = streamedFor(20);
    for (let round = 0; round < 5; round++) {
      device.stream(90, { pace: 0.1 });
      catchUp(device, 81, { pace: 1.5 });
      device.stream(300);
    }
    expect(device.told).toEqual([]);
    expect(device.clockAheadMs).toBe(0);
  });

  test.each([20, 300, 3_600])(
    "is not blamed for a gateway that stood still for %d s: its buffer, a gap, and now",
    (seconds) => {
      const device = streamedFor(10);
      stall(device, seconds);
      for (let block = 0; block < 16; block++) device.block(500);
      const missing = device.clock.nowMs() - device.clockMs - 500;
      device.position += missing;
      device.clockMs += missing;
      device.stream(300);
      expect(device.told).toEqual([]);
    },
  );

  test("is not called silent by a gateway that stood still, and that looks before it hears", () => {
    const device = streamedFor(10);
    stall(device, 100);
    device.wait(1);
    catchUp(device, 101, { pace: 20 });
    expect(device.told).toEqual([]);
  });

  test("is not blamed for corrections of its clock by seconds, either way", () => {
    const device = streamedFor(10);
    for (const correctionMs of [4_000, -3_000, -5_000, 2_500, 700, -600]) {
      device.clockMs += correctionMs;
      device.stream(200);
    }
    expect(device.told).toEqual([]);
  });

  test.each([1.1, 3, 50])(
    "and connects with ten minutes that it kept, at %d times the pace of the world, is believed",
    (pace) => {
      const device = createToldDevice();
      device.clockMs -= 10 * minuteMs;
      catchUp(device, 600, { pace });
      device.stream(300);
      expect(device.told).toEqual([]);
    },
  );

  test.each([17, 22, 30, 43, 54, 93])(
    "is not blamed for outages of up to ten minutes, corrections and new connections in any order (%d)",
    (seed) => {
      const random = createRandom(seed);
      const device = createToldDevice();
      const blockS = [0.1, 0.5, 2][seed % 3]!;
      device.stream(60 + 300 * random.uniform(), { blockS });
      for (let round = 0; round < 25; round++) {
        const kind = random.integer(5);
        if (kind <= 1) {
          const behindS = 1 + 600 * random.uniform() ** 3;
          const pace = 1.08 + 10 * random.uniform() ** 3;
          stall(device, behindS);
          catchUp(device, behindS, { pace, blockS });
        } else if (kind === 2) device.clockMs += 8_000 * (random.uniform() - 0.5);
        else if (kind === 3)
          device.stream(120 + 200 * random.uniform(), {
            blockS,
            delayMs: () => 2_000 * random.uniform() ** 3,
          });
        else if (random.uniform() < 0.5) device.hello();
        device.stream(30 + 400 * random.uniform(), { blockS });
      }
      expect(device.told).toEqual([]);
    },
  );

  test("is judged by what it was when it comes back in the same session", () => {
    const device = streamedFor(30);
    stall(device, 600);
    device.hello();
    catchUp(device, 600, { pace: 1.2 });
    device.stream(300);
    expect(device.told).toEqual([]);
  });
});

describe("a count of samples that goes on over ten minutes' standstill", () => {
  test.each([1.5, 6, 50])(
    "is no clock that was set, where what follows comes late, at %d times the pace of the world",
    (pace) => {
      for (const minutes of [0.75, 10, 120]) {
        for (const isNewContact of [true, false]) {
          const device = streamedFor(minutes);
          device.clockMs += 10 * minuteMs;
          stall(device, 900);
          if (isNewContact) device.hello();
          device.block(500);
          expect(device.clockAheadMs).toBe(0);
          catchUp(device, 300, { pace });
          device.stream(300);
          expect(device.told, `after ${minutes} min`).toEqual([]);
          expect(device.clockAheadMs).toBe(0);
        }
      }
    },
  );

  test("and a clock that is set back meanwhile is found within a minute and a half", () => {
    const device = streamedFor(30);
    device.clockMs += 5 * minuteMs;
    stall(device, 600);
    device.hello();
    device.stream(90);
    expect(device.told).toEqual(["clock: clock is 5 min behind; time of arrival is used"]);
  });
});

test("a clock that is set back while samples come in time is found at once", () => {
  const device = streamedFor(30);
  device.clockMs -= 5 * minuteMs;
  device.block(500);
  expect(device.clockAheadMs).toBeCloseTo(-5 * minuteMs, -4);
});

test("a count that left out a standstill hides no stream that runs into the future", () => {
  const device = streamedFor(10);
  device.clockMs += 10 * minuteMs;
  stall(device, 600);
  device.stream(300);
  expect(device.told).toEqual([]);
  device.stream(180, { pace: 2 });
  expect(device.said).toEqual([
    expect.stringMatching(/^clock: clock is .* ahead; /),
    "rate: 2,000 Hz measured, 1,000 said",
  ]);
});

test("twenty seconds that a device keeps for ten minutes before it sends them are none of its faults", () => {
  const device = streamedFor(10);
  stall(device, 20);
  device.stream(600);
  catchUp(device, 20, { pace: 1.1 });
  device.stream(300);
  expect(device.told).toEqual([]);
});

test.each([
  ["ahead", 2 * hourMs],
  ["behind", -2 * hourMs],
])("a clock two hours %s is told once, and a catching-up changes nothing of it", (word, errorMs) => {
  const device = createToldDevice();
  device.clockMs += errorMs;
  device.stream(120);
  stall(device, 600);
  catchUp(device, 600, { pace: 1.5 });
  device.stream(300);
  expect(device.told).toEqual([`clock: clock is 2 h ${word}; time of arrival is used`]);
  expect(device.clockAheadMs).toBeCloseTo(errorMs, -4);
});

test("a catching-up that runs on into the future is told as a wrong clock and a wrong rate", () => {
  const device = streamedFor(30);
  stall(device, 300);
  device.stream(900, { pace: 2 });
  expect(device.said).toEqual([
    expect.stringMatching(/^clock: clock is .* ahead; /),
    "rate: 2,000 Hz measured, 1,000 said",
  ]);
});

test("a simulation that is played faster from its begin on has a time of its own, until it is played as the world goes", () => {
  const device = createToldDevice();
  device.stream(300, { pace: 20 });
  expect(device.told).toEqual([]);
  device.stream(240);
  expect(device.said).toEqual([expect.stringMatching(/^clock: clock is .* ahead; /)]);
});
