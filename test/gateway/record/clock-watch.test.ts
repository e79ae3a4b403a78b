import { expect, test } from "vitest";
import { createClockWatch, describeOffset } from "../../../src/gateway/record/clock-watch.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function create() {
  const clock = createManualClock();
  const changes: number[] = [];
  const watch = createClockWatch({ clock, onChange: (offsetMs) => changes.push(offsetMs) });
  /** An acknowledgement that took five seconds, of a collector whose clock is so far ahead. */
  const note = (aheadMs: number): void => {
    const receivedMs = clock.nowMs();
    watch.note({ sentMs: receivedMs - 5000, receivedMs, collectorMs: receivedMs - 2000 + aheadMs });
  };
  return { clock, changes, watch, note };
}

test("the time that an acknowledgement takes is no difference", () => {
  const { changes, watch, note } = create();
  expect([watch.offsetMs, watch.isConfirmed]).toEqual([null, false]);
  for (const aheadMs of [0, 1900, -2900]) note(aheadMs);
  expect([watch.offsetMs, watch.isConfirmed, changes]).toEqual([0, true, []]);
});

test.for([Date.UTC(1970, 0, 2), Date.UTC(2038, 0, 20), Date.UTC(9999, 0, 1)])(
  "a clock at %d is told once it is heard twice, confirmed by nobody, and told again when it is right",
  (wrongMs) => {
    const { clock, changes, watch, note } = create();
    const rightMs = clock.nowMs();
    clock.jump(wrongMs - rightMs);
    note(rightMs - wrongMs);
    expect(changes).toEqual([]);
    note(rightMs - wrongMs);
    note(rightMs - wrongMs);
    expect(changes).toHaveLength(1);
    expect(Math.abs(changes[0]! - (rightMs - wrongMs))).toBeLessThan(5000);
    expect(watch.isConfirmed).toBe(false);
    clock.jump(rightMs - wrongMs);
    note(0);
    note(0);
    expect([changes.length, watch.offsetMs, watch.isConfirmed]).toEqual([2, 0, true]);
    // Set again, nobody has confirmed that.
    clock.jump(wrongMs - rightMs);
    expect(watch.isConfirmed).toBe(false);
  },
);

test.for([
  [-3_596_000, "the collector's clock is 60 min behind this gateway's"],
  [90_000, "the collector's clock is 90 s ahead of this gateway's"],
  [0, "the collector's clock agrees with this gateway's"],
] as const)("a difference of %d ms is told in words", ([offsetMs, words]) => {
  expect(describeOffset(offsetMs)).toBe(words);
});
