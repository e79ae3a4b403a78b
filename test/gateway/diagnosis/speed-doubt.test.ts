import { expect, test } from "vitest";
import { unknownModel } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createSpeedDoubt } from "../../../src/gateway/diagnosis/speed-doubt.ts";

const counts = Int16Array.from({ length: 1_000 }, (_, index) => [1_000, -1_000][index % 2]!);
const accel = { name: "accel-de", unit: "g", sampleRateHz: 1_000, scale: 0.001 };

test.each(["mm/s", "V"])(
  "a channel in %s beside the one in g takes no doubt of a still shaft away",
  (unit) => {
    const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 60 });
    for (let second = 0; second < 700; second++)
      for (const channel of [accel, { ...accel, name: "other", unit }])
        doubt.note({
          counts,
          shaftRpm: 0,
          told: unknownModel,
          channel,
          rmsCounts: 1_000,
          arrivedMonotonicMs: second * 1_000,
        });
    expect(doubt.isLasting).toBe(true);
  },
);
