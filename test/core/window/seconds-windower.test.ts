import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Quarantine, Reading } from "../../../src/core/contract/stream.ts";
import { createSecondsWindower, type SecondsWindower } from "../../../src/core/window/seconds-windower.ts";

const minute = 60_000;
/** A full hour. */
const startMs = 1_699_999_200_000;

function create(
  length = 600,
  hop = 600,
  graceMs = 0,
): {
  windower: SecondsWindower;
  windows: { fromMs: number; toMs: number; readings: number; values: number[] }[];
  abandoned: Quarantine[];
  refused: Quarantine[];
} {
  const open = new Map<number, number[]>();
  const windows: { fromMs: number; toMs: number; readings: number; values: number[] }[] = [];
  const abandoned: Quarantine[] = [];
  const refused: Quarantine[] = [];
  const windower = createSecondsWindower(
    { spec: { unit: "seconds", length, hop }, channels: ["power", "oil"], graceMs },
    {
      begin: (number) => {
        expect(open.has(number)).toBe(false);
        open.set(number, []);
        expect(open.size).toBeLessThanOrEqual(Math.ceil((length * 1000 + graceMs) / (hop * 1000)) + 73);
      },
      push: (number, reading) => open.get(number)!.push(reading.value),
      end: (number, window) => {
        windows.push({ ...window, values: open.get(number)! });
        open.delete(number);
      },
      abandon: (number, quarantine) => {
        open.delete(number);
        abandoned.push(quarantine);
      },
      refuse: (quarantine) => refused.push(quarantine),
    },
  );
  return { windower, windows, abandoned, refused };
}

function reading(channel: string, minutes: number, value: number): Reading {
  const timestampMs = startMs + minutes * minute;
  const arrival = { arrivedMs: timestampMs, arrivedMonotonicMs: 0 };
  return { deviceId: "t01", channel, unit: "", timestampMs, value, ...arrival };
}

/** Time passes, of data that are not late. */
const pass = (windower: SecondsWindower, nowMs: number): void => windower.advance(nowMs, nowMs);

/** What came late, at once. */
const caughtUp = (channel: string, minutes: number, value: number): Reading => ({
  ...reading(channel, minutes, value),
  arrivedMs: startMs + 500 * minute,
});

describe("the seconds windower", () => {
  it("aligns ten-minute windows to the full hour and ends them with the first reading after", () => {
    const { windower, windows } = create();
    for (let at = 3; at < 21; at += 1) {
      windower.accept(reading("power", at, at));
      windower.accept(reading("oil", at, -at));
    }
    expect(windows.map(({ fromMs, toMs, readings }) => [fromMs, toMs, readings])).toEqual([
      [startMs, startMs + 10 * minute, 14],
      [startMs + 10 * minute, startMs + 20 * minute, 20],
    ]);
    expect(windows[1]!.values).toContain(10);
    expect(windows[1]!.values).not.toContain(20);
  });

  it("ends a window when time passes without a reading", () => {
    const { windower, windows } = create();
    windower.accept(reading("power", 1, 1));
    windower.accept(reading("oil", 1, 1));
    pass(windower, startMs + 10 * minute - 1);
    expect(windows).toHaveLength(0);
    pass(windower, startMs + 10 * minute);
    expect(windows).toHaveLength(1);
  });

  it("abandons a window that lacks a channel, and says which", () => {
    const { windower, windows, abandoned } = create();
    windower.accept(reading("power", 1, 1));
    pass(windower, startMs + 10 * minute);
    expect(windows).toEqual([]);
    expect(abandoned).toMatchObject([{ reason: "missing-value", channel: "oil", samples: 1 }]);
  });

  it("waits its grace for channels that report later, then refuses them", () => {
    const { windower, windows, refused } = create(600, 600, 30_000);
    windower.accept(reading("power", 1, 1));
    windower.accept(reading("power", 10.2, 2));
    windower.accept(reading("oil", 9, 3));
    windower.accept(reading("power", 10.6, 4));
    expect(windows.map(({ values }) => values)).toEqual([[1, 3]]);
    windower.accept(reading("oil", 9.5, 5));
    expect(refused).toMatchObject([{ reason: "time-backwards", channel: "oil" }]);
  });

  it("starts anew when the clock was set back an hour", () => {
    const { windower, windows, abandoned } = create();
    windower.accept(reading("power", 61, 1));
    windower.accept(reading("power", 1, 2));
    windower.accept(reading("oil", 2, 3));
    windower.accept(reading("oil", 12, 4));
    expect(abandoned).toMatchObject([{ reason: "time-backwards" }]);
    expect(windows.map(({ values }) => values)).toEqual([[2, 3]]);
  });

  it("puts a reading into every window that overlaps it, whatever the order of times within the grace", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("power", "oil"), fc.integer({ min: 0, max: 3600 })), {
          maxLength: 60,
        }),
        fc.constantFrom([600, 600], [600, 200], [300, 250]),
        ([...events], [length, hop]) => {
          events.sort((a, b) => a[1] - b[1]);
          const { windower, windows, refused } = create(length, hop);
          for (const [index, [channel, second]] of events.entries()) {
            windower.accept(reading(channel, second / 60, index));
          }
          pass(windower, startMs + 1e9);
          expect(refused).toEqual([]);
          for (const { fromMs, toMs, values } of windows) {
            const inside = events.flatMap(([, second], index) => {
              const at = startMs + second * 1000;
              return at >= fromMs && at < toMs ? [index] : [];
            });
            expect(values).toEqual(inside);
          }
        },
      ),
    );
  });

  it("waits for channels that are caught up on one after the other, and ends the windows in their order", () => {
    const { windower, windows, abandoned, refused } = create(600, 600, minute);
    for (const channel of ["power", "oil"])
      for (let row = 0; row < 50; row++) windower.accept(caughtUp(channel, row * 10, row));
    pass(windower, startMs + 501 * minute);
    expect([abandoned, refused]).toEqual([[], []]);
    expect(windows.map(({ values }) => values)).toEqual(Array.from({ length: 50 }, (_, row) => [row, row]));
  });

  it("waits no longer than its grace since a window was last heard of, and for no more than half a day of them", () => {
    const { windower, windows, abandoned } = create(600, 600, minute);
    for (let row = 0; row < 100; row++) windower.accept(caughtUp("power", row * 10, row));
    // 75 are open.
    expect(abandoned).toHaveLength(25);
    windower.advance(startMs, startMs + 501 * minute - 1);
    expect(abandoned).toHaveLength(25);
    windower.advance(startMs, startMs + 501 * minute);
    expect(abandoned).toHaveLength(98);
    expect(windows).toEqual([]);
  });

  it("ends a complete window where older ones are caught up on after it", () => {
    const { windower, windows, abandoned } = create(600, 600, minute);
    for (const channel of ["power", "oil"]) windower.accept(reading(channel, 200, 20));
    for (let row = 5; row < 8; row++)
      for (const channel of ["power", "oil"])
        windower.accept({ ...reading(channel, row * 10, row), arrivedMs: startMs + 211 * minute });
    expect(windows.map(({ values }) => values)).toEqual([
      [20, 20],
      [5, 5],
    ]);
    expect(abandoned).toEqual([]);
  });

  it("scores no half of a window when its clock is set back", () => {
    const { windower, windows, abandoned } = create(600, 600, minute);
    const hear = (at: number, arrivedAt: number) => {
      for (const channel of ["power", "oil"])
        windower.accept({ ...reading(channel, at, at), arrivedMs: startMs + arrivedAt * minute });
    };
    for (let at = 190; at < 206; at++) hear(at, at);
    for (let at = 186; at < 212; at++) hear(at, at + 20);
    // What the clock said before it was set back: the window from 190. Of that from 200 there were six minutes.
    expect(windows.map(({ values }) => values.length)).toEqual([20, 8, 20, 20]);
    expect(abandoned.map(({ detail }) => detail)).toContain("the clock was set back");
  });

  it("is refused for revolutions or a hop above its length", () => {
    const sink = { begin() {}, push() {}, end() {}, abandon() {}, refuse() {} };
    for (const spec of [
      { unit: "revolutions" as const, length: 30, hop: 30 },
      { unit: "seconds" as const, length: 600, hop: 601 },
    ]) {
      expect(() => createSecondsWindower({ spec, channels: [], graceMs: 0 }, sink)).toThrow(/seconds/);
    }
    const spec = { unit: "seconds" as const, length: 600, hop: 1e-6 };
    expect(() => createSecondsWindower({ spec, channels: [], graceMs: 0 }, sink)).toThrow(/overlap/);
  });
});
