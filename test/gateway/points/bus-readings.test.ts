/** Means of a field bus's readings follow the bundle that serves. */
import { expect, test } from "vitest";
import type { Reading } from "../../../src/core/contract/stream.ts";
import { createBusReadings } from "../../../src/gateway/points/bus-readings.ts";
import { createScadaBundle, unitOf } from "./scada/scada-site.ts";

test("another bundle's rows have another length, and so have the means from then on", () => {
  let { manifest } = createScadaBundle();
  const means: Reading[] = [];
  const bus = createBusReadings({
    manifestOfTurbine: () => manifest,
    onMean: (reading) => void means.push(reading),
    onQuarantine: () => {},
    onSchemaDrift: () => {},
  });
  const minute = 60_000;
  const play = (from: number, to: number): void => {
    for (let timestampMs = from; timestampMs < to; timestampMs += minute) {
      const reading = { deviceId: "T1", channel: "power", unit: unitOf("power"), timestampMs };
      bus.accept(
        { ...reading, value: 500 + timestampMs / minute, arrivedMs: timestampMs, arrivedMonotonicMs: 0 },
        minute,
      );
      bus.tick(timestampMs);
    }
  };
  play(0, 120 * minute);
  expect(means.map(({ timestampMs }) => timestampMs / minute)).toEqual([0]);
  manifest = { ...manifest, window: { ...manifest.window, length: 600, hop: 600 } };
  play(120 * minute, 151 * minute);
  // The hour that was open ends as it was.
  expect(means.map(({ timestampMs }) => timestampMs / minute)).toEqual([0, 60, 120, 130, 140]);
});
