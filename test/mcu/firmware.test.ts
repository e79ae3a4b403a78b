import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { McuImageOptions } from "../../firmware-bridge/mcu-image.ts";
import { cutUpdates } from "../../scripts/mcu/cut-updates.ts";
import { readShippedModels, type ShippedModel } from "../../scripts/mcu/shipped-models.ts";
import { type BoardKind, findMissingForBoard } from "../../scripts/mcu/virtual-board.ts";
import type { GoldenWindow } from "../../src/bundle/golden-window.ts";
import type { RawWindowMessage, ScoreMessage } from "../../src/contract/device-message.ts";
import { createWaveformExtractor } from "../../src/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/inference/integer-engine.ts";
import { computeSecurityCounter } from "../../src/inference/mcu-codec.ts";
import { createMcuWorkshop, type McuWorkshop } from "../firmware-bridge/mcu-host.ts";

test.skipIf(findMissingForBoard("host", "tcp").length > 0)(
  "a power cut at any flash operation of a push leaves a board that runs, and the push goes on (needs a C compiler)",
  async () => {
    const workshop = createMcuWorkshop();
    const program = workshop.build("firmware-host");
    // Cuts at every operation, torn in eight ways, are the slots' own test; here the whole firmware and the gateway's push.
    const counts = await cutUpdates("host", program, workshop.folder, 13);
    expect(counts.violations).toEqual([]);
    expect(counts.cuts).toBeGreaterThan(3);
    expect(counts.resumed).toBeGreaterThan(0);
    await workshop.close();
  },
);

const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const kinds: readonly BoardKind[] = ["host", "m3", "m4", "m7"];

let model: ShippedModel;
let recording: GoldenWindow;
beforeAll(async () => {
  model = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration")!;
  recording = model.golden.cases.flatMap((one) => (one.kind === "window" ? [one.window] : []))[0]!;
});

for (const kind of kinds) {
  const missing = findMissingForBoard(kind, "serial");
  const reason = missing.length === 0 ? "" : ` (skipped, missing: ${missing.join(", ")})`;
  describe.skipIf(missing.length > 0)(`the firmware on ${kind}${reason}`, () => {
    let workshop: McuWorkshop;
    beforeAll(() => {
      workshop = createMcuWorkshop();
    });
    afterAll(() => workshop.close());

    const createImage = (): McuImageOptions => ({
      ...{ deviceId: `device-${kind}`, key, sampleRateHz: recording.sampleRateHz, scale: recording.scale },
      ...{ shaftRpm: recording.shaftRpm, counts: recording.counts },
      model: {
        image: model.mcuModel!,
        securityCounter: computeSecurityCounter(model.manifest.version),
      },
    });

    test("scores windows as the gateway would, and sends raw samples after an alarm", async () => {
      const board = await workshop.start(kind, createImage(), "serial");
      const scores: ScoreMessage[] = [];
      const raw: RawWindowMessage[] = [];
      const heard = await workshop.listenTo(board, {
        mode: "edge",
        configuration: { bearing: recording.bearing, alarmRawSamples: 960 },
        onMessage: (message) => {
          if (message.type === "score") scores.push(message);
          if (message.type === "raw-window") raw.push({ ...message, counts: message.counts.slice() });
          heard.look();
        },
      });
      await heard.until(() => scores.length >= 2);
      const extractor = createWaveformExtractor(model.manifest.features);
      const kernel = createIntegerKernel(model.student);
      const { counts } = recording;
      for (const score of scores) {
        expect(score.modelVersion).toBe(model.manifest.version);
        // The integers are those of the gateway's engine for the inputs that the device says it had.
        const outputs = new Uint8Array(kernel.outputs);
        kernel.runQuantisedInto(score.inputs!, 1, outputs);
        expect(score.quantised).toEqual(outputs);
        // The inputs are those of the gateway's features, but for the rounding of float32.
        const samples = Int16Array.from(
          { length: score.sampleCount! },
          (_, index) => counts[(score.firstSample! + index) % counts.length]!,
        );
        const features = new Float32Array(kernel.inputs);
        extractor.begin({ ...recording, shaftRpm: recording.shaftRpm });
        extractor.push(samples, 0, samples.length, recording.scale, recording.shaftRpm);
        extractor.finish(features, 0);
        const { mean, inverseStd, clamp } = model.manifest.scaler;
        const { inputScale, inputZeroPoint } = model.student;
        for (let index = 0; index < features.length; index++) {
          const standardised = (features[index]! - mean[index]!) * inverseStd[index]!;
          const bounded = Math.max(-clamp, Math.min(clamp, standardised));
          const quantised = Math.max(0, Math.min(255, Math.round(bounded / inputScale) + inputZeroPoint));
          expect(Math.abs(score.inputs![index]! - quantised)).toBeLessThanOrEqual(1);
        }
        expect(score.sampleCount! / ((30 * 60 * recording.sampleRateHz) / recording.shaftRpm)).toBeCloseTo(
          1,
          3,
        );
      }
      expect(heard.hellos[0]).toMatchObject({ modelVersion: model.manifest.version, maxPayloadBytes: 256 });
      expect(heard.session.statistics.badFrames).toBe(0);
      // The raw windows are the recording's, where the device says they are.
      for (const window of raw)
        window.counts.forEach((count, index) => {
          expect(count).toBe(counts[(window.firstSample + index) % counts.length]);
        });
      await heard.session.close();
      await board.stop();
    });
  });
}
