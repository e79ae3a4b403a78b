import { expect, test } from "vitest";
import type { Quarantine } from "../../../src/core/contract/stream.ts";
import type { ToldReading } from "../../../src/gateway/points/latest-readings.ts";
import { createReadingIntake } from "../../../src/gateway/points/reading-intake.ts";

/** Three devices of WT01, of which one sits on WT02 as well; what is told counts for ten seconds. */
function create() {
  const setAside: (Quarantine & { turbine: string })[] = [];
  const refused: string[] = [];
  const noted: ToldReading[] = [];
  const intake = createReadingIntake({
    maxAgeMs: 10_000,
    turbinesOf: new Map([
      ["a", new Set(["WT01"])],
      ["b", new Set(["WT01", "WT02"])],
      ["c", new Set(["WT01"])],
    ]),
    setAside: (quarantine, turbine) => setAside.push({ ...quarantine, turbine }),
    onSchemaDrift: () => {},
    onRefused: ({ deviceId, reason }) => refused.push(`${deviceId}: ${reason}`),
    onReading: (reading) => noted.push(reading),
  });
  const speed = (
    deviceId: string,
    value: number,
    at: { readonly atMs: number; readonly stampMs?: number },
  ) => {
    const { atMs, stampMs = atMs } = at;
    return {
      deviceId,
      channel: "shaft-speed",
      unit: "rpm",
      value,
      timestampMs: 1e12 + stampMs,
      arrivedMs: 1e12 + atMs,
      arrivedMonotonicMs: atMs,
    };
  };
  const read = (device: string, atMs: number, turbine = "WT01"): number =>
    intake.readings.read({ turbine, device }, "shaft-speed", atMs);
  return { intake, setAside, refused, noted, speed, read };
}

test("a device's speed and SCADA's of one turbine are two streams, and the device's own counts", () => {
  const { intake, setAside, speed, read } = create();
  for (let atMs = 0; atMs < 5_000; atMs += 1_000) {
    intake.acceptDeviceReading(speed("a", 1_500, { atMs }));
    // Its clock is behind.
    intake.acceptReading(speed("WT01", 15, { atMs, stampMs: atMs - 500 }));
    expect(read("a", atMs)).toBe(1_500);
  }
  expect(setAside).toEqual([]);
});

test("SCADA's counts once the device has said nothing for three times as long as a value counts, and another device's where there is no other", () => {
  const { intake, speed, read } = create();
  intake.acceptDeviceReading(speed("b", 900, { atMs: 0 }));
  expect([read("a", 0), read("b", 0), read("a", 0, "WT02")]).toEqual([900, 900, 900]);
  intake.acceptDeviceReading(speed("a", 1_500, { atMs: 1_000 }));
  intake.acceptReading(speed("WT01", 15, { atMs: 5_000 }));
  expect(read("a", 11_000)).toBe(1_500);
  expect(read("a", 11_001)).toBeNaN();
  intake.acceptReading(speed("WT01", 15, { atMs: 25_000 }));
  expect([read("a", 31_000), read("a", 31_001)]).toEqual([Number.NaN, 15]);
  expect(read("a", 35_001)).toBeNaN();
  expect(intake.readings.readOf({ turbine: "WT01", toldBy: "a" }, "shaft-speed", 11_000)).toBe(1_500);
  expect(intake.readings.readOf({ turbine: "WT01", toldBy: null }, "shaft-speed", 11_000)).toBe(15);
});

test("what goes to another thread says who told it, and a refused reading of a device is the device's", () => {
  const { intake, setAside, refused, noted, speed } = create();
  intake.acceptDeviceReading(speed("b", 900, { atMs: 0 }));
  intake.acceptReading(speed("WT01", 15, { atMs: 0 }));
  expect(noted.map(({ deviceId, toldBy }) => [deviceId, toldBy])).toEqual([
    ["WT01", "b"],
    ["WT02", "b"],
    ["WT01", null],
  ]);
  intake.acceptDeviceReading(speed("b", 200_000, { atMs: 1_000 }));
  intake.acceptReading(speed("WT01", 200_000, { atMs: 1_000 }));
  intake.acceptDeviceReading(speed("nobody", 900, { atMs: 1_000 }));
  expect(setAside.map(({ deviceId, turbine, reason }) => [deviceId, turbine, reason])).toEqual([
    ["b", "WT01", "range"],
    ["b", "WT02", "range"],
    ["WT01", "WT01", "range"],
  ]);
  expect(refused).toEqual(["WT01: range"]);
});

test("of two other devices of a turbine one counts, whichever spoke last", () => {
  const { intake, speed, read } = create();
  for (let atMs = 0; atMs < 5_000; atMs += 1_000) {
    intake.acceptDeviceReading(speed("c", 900, { atMs }));
    intake.acceptDeviceReading(speed("a", 1_500, { atMs: atMs + 500 }));
    expect(read("d", atMs + 500)).toBe(900);
  }
});

test("of a device on several turbines SCADA's speed of each goes before the one that it tells, which may be either's", () => {
  const { intake, speed, read } = create();
  intake.acceptDeviceReading(speed("b", 1_200, { atMs: 0 }));
  expect([read("b", 0), read("b", 0, "WT02")]).toEqual([1_200, 1_200]);
  intake.acceptReading(speed("WT01", 1_500, { atMs: 0 }));
  expect([read("b", 0), read("b", 0, "WT02")]).toEqual([1_500, 1_200]);
  intake.acceptReading(speed("WT02", 900, { atMs: 0 }));
  expect([read("b", 0), read("b", 0, "WT02")]).toEqual([1_500, 900]);
});

test("what a device on several turbines tells comes after what one tells that sits on this turbine alone", () => {
  const { intake, speed, read } = create();
  intake.acceptDeviceReading(speed("b", 1_200, { atMs: 0 }));
  intake.acceptDeviceReading(speed("a", 1_500, { atMs: 0 }));
  expect([read("b", 0), read("c", 0), read("b", 0, "WT02")]).toEqual([1_500, 1_500, 1_200]);
});
