import { expect, it } from "vitest";
import { meanSpeed, meanSpeedOf, sliceSpeed } from "../../../../src/training/dataset/speed/recorded-speed.ts";
import { parseSpeedSource, readSpeedUnit } from "../../../../src/training/dataset/speed/speed-source.ts";

const parse = (value: unknown) =>
  parseSpeedSource(value, (detail) => {
    throw new Error(detail);
  });

it("is a channel, a tachometer's pulses, or a file of its own", () => {
  const own = { file: null, rateHz: null, scale: 1, unit: null, pulses: null };
  expect(parse(undefined)).toBeNull();
  expect(parse("rpm")).toEqual({ ...own, channel: "rpm" });
  expect(parse({ Channel: "speed", unit: "Hz" })).toEqual({ ...own, channel: "speed", unit: "hz" });
  expect(parse({ channel: 2, scale: "0.5" })).toEqual({ ...own, channel: "2", scale: 0.5 });
  expect(parse({ channel: "tacho", pulses: 4 })).toEqual({ ...own, channel: "tacho", pulses: 4 });
  expect(parse({ channel: "speed", rate_hz: "4000" })).toEqual({ ...own, channel: "speed", rateHz: 4000 });
  expect(parse({ file: "a\\s.csv", fs: 10 })).toEqual({ ...own, file: "a/s.csv", rateHz: 10, channel: null });
});

it.each([
  [["rpm"], /neither the name of a channel/],
  [true, /neither the name of a channel/],
  ["1500 rpm", /"1500 rpm" is a value: a speed that stays is rpm: 1500/],
  ["24.9", /is a value/],
  [{ channel: "a", unit: "knots" }, /unit is "knots"/],
  [{ channel: "a", unit: "rpm", pulses: 1 }, /pulses have no unit/],
  [{ channel: "a", pulses: 0 }, /pulses is 0/],
  [{ channel: "a", pulses: true }, /pulses is true/],
  [{ channel: "a", pulses: "many" }, /pulses is "many"/],
  [{ channel: "a", scale: -1 }, /scale/],
  [{ channel: "a", puls: 1 }, /nobody reads the key "puls"/],
  [{ channel: "a", rateHz: 0 }, /rateHz is 0/],
  [{ channel: ["a"] }, /channel is \["a"\], no text/],
  [{ unit: "rpm" }, /neither a channel nor a file/],
  [{ file: "s.csv", rateHz: "often" }, /rateHz/],
  [{ file: "../s.csv", rateHz: 1 }, /not a file in the recordings' folder/],
  [{ file: "a\\..\\..\\s.csv", rateHz: 1 }, /not a file in the recordings' folder/],
  [{ file: "/s.csv", rateHz: 1 }, /not a file in the recordings' folder/],
])("refuses %j", (value, message) => {
  expect(() => parse(value)).toThrow(message);
});

it("knows the units of a speed", () => {
  expect(["RPM", "1/min", "min^-1", "U/min", " Hz", "1/s"].map(readSpeedUnit)).toEqual([
    "rpm",
    "rpm",
    "rpm",
    "rpm",
    "hz",
    "hz",
  ]);
  expect(["V", "", "constructor"].map(readSpeedUnit)).toEqual([undefined, undefined, undefined]);
});

it("is the mean of the runs that a block lies in, and 0 where the shaft stands in any of them", () => {
  const speed = { everySamples: 100, rpm: Float32Array.of(0, 900, 1100) };
  expect(meanSpeed(speed)).toBe(1000);
  expect(meanSpeed({ everySamples: 1, rpm: new Float32Array(2) })).toBe(0);
  expect(meanSpeedOf(speed, { first: 100, samples: 200 })).toBe(1000);
  expect(meanSpeedOf(speed, { first: 120, samples: 50 })).toBe(900);
  expect(meanSpeedOf(speed, { first: 50, samples: 100 })).toBe(0);
});

it("stays for one run behind its last, and is not known beyond", () => {
  const speed = { everySamples: 100, rpm: Float32Array.of(900, 1100) };
  expect(meanSpeedOf(speed, { first: 180, samples: 50 })).toBe(1100);
  expect(meanSpeedOf(speed, { first: 250, samples: 50 })).toBe(1100);
  expect(meanSpeedOf(speed, { first: 300, samples: 50 })).toBe(0);
});

it("goes evenly from one value to the next where values lie apart, and is not known beside one that is missing", () => {
  const speed = { everySamples: 1000, rpm: Float32Array.of(600, 700, 0, 900, 1000), isAtBegin: true };
  const at = (first: number, samples = 100): number => meanSpeedOf(speed, { first, samples });
  // By hand: the middle of the block is 0.5 and 0.95 of the way.
  expect([at(450), at(900), at(0, 1000)]).toEqual([650, 695, 650]);
  expect([at(1000), at(1950), at(2500)]).toEqual([0, 0, 0]);
  // The last stays for one more.
  expect([at(3450), at(4000), at(4900), at(5000), at(6000)]).toEqual([950, 1000, 1000, 1000, 0]);
  // Longer blocks are the mean of what lies in them.
  expect(at(3000, 2000)).toBe(950);
});

it("is sliced where it lies, between two values as well", () => {
  const speed = { everySamples: 1000, rpm: Float32Array.of(600, 700, 800, 0), isAtBegin: true };
  const later = sliceSpeed(speed, 500);
  expect(later).toEqual({ ...speed, rpm: Float32Array.of(650, 750, 0, 0) });
  expect(meanSpeedOf(later, { first: 200, samples: 100 })).toBe(
    meanSpeedOf(speed, { first: 700, samples: 100 }),
  );
  expect(sliceSpeed({ everySamples: 40, rpm: Float32Array.of(1, 2, 3) }, 45).rpm).toEqual(
    Float32Array.of(2, 3),
  );
});
