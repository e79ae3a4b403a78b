import { expect, test } from "vitest";
import { createToldDevice, type ToldDevice } from "../gateway/diagnosis/told-device.ts";

/** A device that counts its stamps from its samples for so many days, and whose clock is then set right. */
function streamedForDays(days: number, drift: number): ToldDevice {
  const device = createToldDevice();
  device.stream(days * 24 * 3_600, { pace: drift, blockS: 8 });
  device.clockMs = device.clock.nowMs();
  device.stream(60, { pace: drift });
  return device;
}

test.each([
  [2, 0.9995],
  [2, 1.0005],
  [10, 0.9995],
])(
  "after %d days of a sample clock at %d of what was said, a stream that runs into the future is found within three minutes",
  (days, drift) => {
    const device = streamedForDays(days, drift);
    device.stream(180, { pace: 2 });
    expect(device.said).toEqual([
      expect.stringMatching(/^clock: clock is .* ahead; /),
      "rate: 2,000 Hz measured, 1,000 said",
    ]);
  },
);

test.each([0.9995, 0.998])(
  "after a day of a sample clock at %d of what was said, ten minutes that a device kept are believed",
  (drift) => {
    const device = streamedForDays(1, drift);
    const told = device.told.length;
    device.clock.advance(600_000);
    device.stream(3_000, { pace: 1.2 });
    device.stream(300, { pace: drift });
    expect(device.told.slice(told)).toEqual([]);
    expect(device.clockAheadMs).toBe(0);
  },
);
