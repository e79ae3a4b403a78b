import { expect, test } from "vitest";
import { hourMs } from "../../../src/core/maths/durations.ts";
import type { DeviceFacts } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createDeviceObserver } from "../../../src/gateway/diagnosis/device-observer.ts";
import { diagnoseDevice } from "../../../src/gateway/diagnosis/diagnose-device.ts";
import { accelerometer, createHello, stillLink } from "./device-hello.ts";

const hello = createHello();
const contact = {
  state: "established",
  reason: "",
  hint: "",
  forMs: 300_000,
  unconfiguredMs: 0,
  objection: "",
  refusal: null,
  endsInMinute: 0,
  endedBy: "",
  silences: 0,
} as const;
const began = 1_700_000_000_000;
const windowSamples = 14_400;

/** What is found of a device that sent a score a window for five minutes, of a converter of this rate. */
function score(infersItself: boolean, rateHz: number, clockAheadMs = 0): Map<string, string> {
  const observer = createDeviceObserver({
    infersItself,
    isOverMqtt: false,
    expected: ["accel-de"],
    operation: { standbyBelowRpm: 300, dataTimeoutSeconds: 60 },
  });
  observer.hello(hello, 0);
  let facts: DeviceFacts | null = null;
  for (let window = 1; (window * windowSamples) / rateHz < 300; window++) {
    const arrivedMonotonicMs = (window * windowSamples * 1000) / rateHz;
    const arrival = { arrivedMs: began + arrivedMonotonicMs, arrivedMonotonicMs };
    const firstSample = (window - 1) * windowSamples;
    const fromMs = began + clockAheadMs + (firstSample * 1000) / rateHz;
    const timestampUs = Math.round(fromMs * 1000);
    observer.score(
      {
        type: "score",
        channel: 0,
        timestampUs,
        modelVersion: "1.0.0",
        quantised: Uint8Array.of(1),
        firstSample,
        sampleCount: windowSamples,
      },
      accelerometer,
      arrival,
    );
    facts = observer.read(contact, stillLink, arrivedMonotonicMs);
  }
  const found = [...diagnoseDevice(facts!)].filter(([, finding]) => finding != null);
  return new Map(found.map(([code, finding]) => [code, finding!.text]));
}

test("a device that infers is judged by its scores", () => {
  expect(score(true, 12_000)).toEqual(new Map());
  expect(score(true, 12_240)).toEqual(new Map([["rate", "12,240 Hz measured, 12,000 said"]]));
  expect(score(true, 12_000, 2 * hourMs)).toEqual(
    new Map([["clock", "clock is 2 h ahead; time of arrival is used"]]),
  );
});

test("of a device that sends samples as well, scores say nothing of the rate", () => {
  expect(score(false, 12_240).has("rate")).toBe(false);
});
