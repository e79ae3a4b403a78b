import { expect, test } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type AlertCaptures, createAlertCaptures } from "../../../src/gateway/devices/alert-captures.ts";
import type { CaptureWish } from "../../../src/gateway/devices/capture-attempt.ts";
import { alertCaptureEveryMs } from "../../../src/gateway/devices/recording.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { alertAt } from "../fakes.ts";

/** An alert that a device's scores raised. */
function raisedOnDevice(index: number): AlertEvent {
  const event = alertAt(index);
  return { ...event, data: { ...event.data, inferredOn: "device" } };
}

function create(seconds: number | null = 2) {
  const clock = createManualClock();
  const wishes: CaptureWish[] = [];
  const kept: string[] = [];
  const state = { isBusy: false, fails: false };
  const alerts: AlertCaptures = createAlertCaptures({
    onRecording: () => {},
    captures: {
      capture: async (wish) => {
        wishes.push(wish);
        if (state.fails) throw new Error("no samples");
        const first = {
          deviceId: wish.deviceId,
          channel: "de",
          unit: "g",
          timestampMs: 0,
          firstSample: 0,
          sampleRateHz: 12_000,
          scale: 1,
        };
        const speed = { shaftRpm: 1800, slowestRpm: 1800, fastestRpm: 1800 };
        return {
          recording: { first, parts: [], speed: { everySamples: 1, rpm: [] }, samples: 0, ...speed },
          receivedSamples: 0,
          gaps: 0,
        };
      },
      isBusy: () => state.isBusy,
    },
    recordings: { keep: (_recording, alert) => Promise.resolve(kept.push(alert) > 0) },
    sourceOf: (turbine) => (turbine === "WT01" ? { deviceId: "mcu", channel: "de", seconds } : undefined),
    clock,
    logger: silentLogger,
  });
  return { alerts, clock, wishes, kept, state };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("a device is asked once an alert, at most every few minutes, and the samples carry the alert's id", async () => {
  const { alerts, clock, wishes, kept } = create();
  alerts.note(raisedOnDevice(0));
  alerts.note(raisedOnDevice(1));
  await settled();
  expect(wishes).toEqual([{ deviceId: "mcu", channel: "de", seconds: 2, partial: true }]);
  expect(kept).toEqual([raisedOnDevice(0).id]);
  clock.advance(alertCaptureEveryMs);
  alerts.note(raisedOnDevice(2));
  await settled();
  expect(kept).toHaveLength(2);
  expect(alerts.missed).toBe(0);
});

test.each([
  ["a tenth longer than the alert's window", 12, 13.2],
  ["two seconds at least", 1, 2],
  ["no longer than a device may be asked for", 90, 40],
])("where no length is configured a device is asked for %s", async (_, windowSeconds, seconds) => {
  const { alerts, wishes } = create(null);
  const event = raisedOnDevice(0);
  const from = "2026-01-01T00:00:00.000Z";
  const to = new Date(Date.parse(from) + windowSeconds * 1000).toISOString();
  alerts.note({ ...event, data: { ...event.data, window: { ...event.data.window, from, to } } });
  await settled();
  expect(wishes[0]?.seconds).toBeCloseTo(seconds, 9);
});

test("nobody is asked for an alert of the gateway's own scores, one that goes on, or where none is wanted", async () => {
  const { alerts, wishes } = create();
  alerts.note(alertAt(0));
  alerts.note({ ...raisedOnDevice(1), type: "io.aurora.alert.updated.v1" });
  const elsewhere = raisedOnDevice(2);
  alerts.note({ ...elsewhere, data: { ...elsewhere.data, turbine: "WT02" } });
  const unwanted = create(0);
  unwanted.alerts.note(raisedOnDevice(3));
  await settled();
  expect([...wishes, ...unwanted.wishes]).toEqual([]);
});

test("what could not be had is counted, and tried again with the next alert", async () => {
  const { alerts, wishes, kept, state } = create();
  state.isBusy = true;
  alerts.note(raisedOnDevice(0));
  expect(alerts.missed).toBe(1);
  state.isBusy = false;
  state.fails = true;
  alerts.note(raisedOnDevice(1));
  await settled();
  expect(alerts.missed).toBe(2);
  state.fails = false;
  alerts.note(raisedOnDevice(2));
  await settled();
  expect([wishes.length, kept]).toEqual([2, [raisedOnDevice(2).id]]);
});
