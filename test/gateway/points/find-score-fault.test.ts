import { describe, expect, test } from "vitest";
import { toDeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import type { HelloMessage, ScoreMessage } from "../../../src/core/contract/device/device-message.ts";
import { findScoreFault, type WindowContract } from "../../../src/gateway/points/find-score-fault.ts";

const contract: WindowContract = {
  channels: [
    {
      kind: "waveform",
      name: "de",
      unit: "g",
      minRateHz: 10_000,
      maxRateHz: 50_000,
      min: -50,
      max: 50,
      missing: "quarantine",
      stuckAfter: 64,
    },
  ],
  window: { unit: "revolutions", length: 30, hop: 30 },
  features: bearingFeatureSpec,
};
const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 2.36, ftf: 0.398 };

/** Thirty revolutions at 1,800 rpm: one second. */
const good = { firstSample: 0, sampleCount: 12_000, shaftRpm: 1_800 };

function faultOf(said: Partial<ScoreMessage>, channel: { unit?: string; sampleRateHz?: number } = {}) {
  const hello: HelloMessage = {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 1,
    deviceId: "mcu",
    firmware: "",
    sessionId: 1,
    channels: [{ name: "de", unit: "g", sampleRateHz: 12_000, scale: 1, ...channel }],
  };
  const message: ScoreMessage = {
    type: "score",
    channel: 0,
    timestampUs: 0,
    modelVersion: "1.0.0",
    quantised: new Uint8Array(3),
    ...said,
  };
  const arrival = { arrivedMs: Date.UTC(2026, 0, 1), arrivedMonotonicMs: 0 };
  const fault = findScoreFault(toDeviceScore(hello, message, arrival)!, contract, bearing);
  return fault?.reason ?? "none";
}

describe("a device's score", () => {
  test("of a window as the bundle wants it is taken, and one that says little too", () => {
    expect(faultOf(good)).toBe("none");
    expect(faultOf({})).toBe("none");
    expect(faultOf({ ...good, sampleCount: 13_100 })).toBe("none");
    expect(faultOf({ shaftRpm: 1_800 })).toBe("none");
    expect(faultOf({ sampleCount: 12_000 })).toBe("none");
    expect(faultOf(good, { unit: "m/s2" })).toBe("none");
  });

  test("of another unit or rate than the bundle's data contract is set aside", () => {
    expect(faultOf(good, { unit: "mm/s" })).toBe("unit");
    expect(faultOf({ ...good, sampleCount: 5_000 }, { sampleRateHz: 5_000 })).toBe("rate");
    expect(faultOf(good, { sampleRateHz: 0 })).toBe("rate");
  });

  test("of an impossible speed, length or time is set aside", () => {
    expect(faultOf({ ...good, shaftRpm: 1e30 })).toBe("range");
    expect(faultOf({ ...good, shaftRpm: -1_800 })).toBe("range");
    expect(faultOf({ ...good, shaftRpm: Number.POSITIVE_INFINITY })).toBe("range");
    expect(faultOf({ ...good, shaftRpm: 65_535, sampleCount: 330 })).toBe("no-shaft-speed");
    expect(faultOf({ ...good, sampleCount: 1 })).toBe("malformed");
    expect(faultOf({ ...good, shaftRpm: 900 })).toBe("malformed");
    expect(faultOf({ sampleCount: Number.MAX_SAFE_INTEGER })).toBe("malformed");
    expect(faultOf({ ...good, timestampUs: 8.9e21 })).toBe("malformed");
  });
});
