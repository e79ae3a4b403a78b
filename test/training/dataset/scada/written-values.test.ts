/** Units, forms of times and time zones of tables of ten-minute values. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMomentReader } from "../../../../src/training/dataset/scada/read-moments.ts";
import { describeBadForm, readTimesOf } from "../../../../src/training/dataset/scada/time-form.ts";
import { openTimeZone } from "../../../../src/training/dataset/scada/time-zone.ts";
import { convertUnit } from "../../../../src/training/dataset/scada/units.ts";

const hourMs = 3_600_000;

describe("units", () => {
  it.each([
    ["degF", "degC", 212, 100],
    ["°F", "degC", -40, -40],
    ["K", "degC", 300, 26.85],
    ["MW", "kW", 2.05, 2050],
    ["W", "kW", 2050, 2.05],
    ["km/h", "m/s", 36, 10],
    ["kn", "m/s", 10, 5.144_444],
    ["Hz", "rpm", 25, 1500],
    ["rad/s", "rpm", 157.079_633, 1500],
    ["rad", "deg", Math.PI, 180],
  ])("%s become %s", (from, to, value, expected) => {
    const conversion = convertUnit(from, to);
    if (!conversion.ok) throw new Error(conversion.problem);
    expect(conversion.convert!(value)).toBeCloseTo(expected, 5);
  });

  it("that are the same leave a value as it is, to the bit", () => {
    expect(convertUnit("kW", "kW")).toEqual({ ok: true, convert: null });
    expect(convertUnit("°C", "degC")).toEqual({ ok: true, convert: null });
  });

  it("that are unknown or of another kind are refused with those that fit", () => {
    expect(convertUnit("Grad", "degC")).toMatchObject({
      problem: "the unit Grad is not known; it may be degC, degF, K",
    });
    expect(convertUnit("kW", "degC")).toMatchObject({
      problem: expect.stringMatching(/one of power, the channel's degC one of temperature; .*degC, degF, K/),
    });
    expect(convertUnit("degC", "furlong")).toMatchObject({
      problem: expect.stringMatching(/write furlong/),
    });
  });

  it("there and back are the same value", () => {
    const names = ["degC", "degF", "K"];
    const name = fc.constantFrom(...names);
    fc.assert(
      fc.property(name, name, fc.double({ min: -1e4, max: 1e4, noNaN: true }), (one, other, value) => {
        const convert = (from: string, to: string, given: number): number => {
          const conversion = convertUnit(from, to);
          return conversion.ok ? (conversion.convert?.(given) ?? given) : Number.NaN;
        };
        expect(convert(other, one, convert(one, other, value))).toBeCloseTo(value, 6);
      }),
    );
  });
});

describe("time zones", () => {
  it("know hours that never were, that were twice, and everything between", () => {
    const berlin = openTimeZone("Europe/Berlin")!;
    expect(berlin.momentsOf(Date.UTC(2025, 6, 1, 12))).toEqual([Date.UTC(2025, 6, 1, 10)]);
    expect(berlin.momentsOf(Date.UTC(2025, 2, 30, 2, 10))).toEqual([]);
    expect(berlin.momentsOf(Date.UTC(2025, 9, 26, 2, 10))).toEqual([
      Date.UTC(2025, 9, 26, 0, 10),
      Date.UTC(2025, 9, 26, 1, 10),
    ]);
    expect(berlin.changesOf(2025).map(({ atMs }) => new Date(atMs).toISOString())).toEqual([
      "2025-03-30T01:00:00.000Z",
      "2025-10-26T01:00:00.000Z",
    ]);
  });

  it.each([
    ["UTC", 0],
    ["+01:00", 1],
    ["UTC-03:30", -3.5],
    ["Australia/Adelaide", 9.5],
    ["America/Denver", -6],
  ])("%s is %f hours ahead in July", (name, hours) => {
    expect(openTimeZone(name)!.offsetAt(Date.UTC(2025, 6, 1))).toBe(hours * hourMs);
  });

  it("that do not exist are none", () => {
    for (const name of ["Europe/Atlantis", "", "+25:00", "local"]) expect(openTimeZone(name)).toBeNull();
  });

  it("give a moment's own local time back, at every hour of some years", () => {
    const zone = openTimeZone("America/New_York")!;
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2030, 0, 1) }), (timeMs) => {
        expect(zone.momentsOf(timeMs + zone.offsetAt(timeMs))).toContain(timeMs);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the hour that clocks show twice", () => {
  const read = (cells: readonly string[]): (string | null)[] => {
    const reader = createMomentReader({ form: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" });
    return cells.map((cell) => {
      const moment = reader.read(cell, "T1");
      return moment.kind === "time" ? new Date(moment.timeMs).toISOString().slice(11, 16) : null;
    });
  };
  const labels = ["02:00", "02:20", "02:40"].map((clock) => `26.10.2025 ${clock}`);

  it("is summer's first and then winter's, in order, interleaved, and from the end", () => {
    expect(read([...labels, ...labels])).toEqual(["00:00", "00:20", "00:40", "01:00", "01:20", "01:40"]);
    expect(read(labels.flatMap((label) => [label, label]))).toEqual([
      "00:00",
      "01:00",
      "00:20",
      "01:20",
      "00:40",
      "01:40",
    ]);
    const falling = [...labels, ...labels].reverse();
    expect(read(["26.10.2025 03:20", "26.10.2025 03:00", ...falling]).slice(2)).toEqual([
      "01:40",
      "01:20",
      "01:00",
      "00:40",
      "00:20",
      "00:00",
    ]);
  });
});

describe("forms of times", () => {
  const at = (form: string, cell: unknown): string | null => {
    const written = readTimesOf(form)(cell);
    return written === null
      ? null
      : `${new Date(written.timeMs).toISOString().slice(0, 19)}${written.isLocal ? " local" : ""}`;
  };

  it.each([
    ["iso", "2025-10-26 02:10", "2025-10-26T02:10:00 local"],
    ["iso", "2025-10-26T02:10:00+02:00", "2025-10-26T00:10:00"],
    ["iso", new Date(Date.UTC(2025, 0, 1)), "2025-01-01T00:00:00"],
    ["seconds", "1761436200", "2025-10-25T23:50:00"],
    ["milliseconds", 1_761_436_200_000, "2025-10-25T23:50:00"],
    ["spreadsheet-days", 45_956.090_277_777_78, "2025-10-26T02:10:00 local"],
    ["dd.MM.yyyy HH:mm", " 26.10.2025 02:10", "2025-10-26T02:10:00 local"],
    ["M/d/yyyy H:mm", "1/2/2025 3:04", "2025-01-02T03:04:00 local"],
  ])("%s reads %s", (form, cell, expected) => {
    expect(at(form, cell)).toBe(expected);
  });

  it("take nothing that is not there: other forms, days and hours that are none, other centuries", () => {
    for (const cell of ["26.10.2025", "31.02.2025 02:10", "26.10.2025 24:10", "26.10.1925 02:10", null, 7])
      expect(at("dd.MM.yyyy HH:mm", cell)).toBeNull();
    expect(at("milliseconds", "1761436200")).toBeNull();
  });

  it("that are none are refused with those there are", () => {
    expect(describeBadForm("dd.MM.yyyy HH:mm:ss")).toBeNull();
    for (const form of ["german", "dd.MM HH:mm", "yyyy-MM-dd mm", "dd.dd.yyyy MM HH"])
      expect(describeBadForm(form)).toMatch(/iso, milliseconds, seconds/);
  });
});
