/** The behaviour of the whole firmware, for any virtual board. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceDataMessage } from "../../firmware-bridge/session/device-session-options.ts";
import type { McuImageOptions } from "../../scripts/mcu/mcu-image.ts";
import { readShippedModels, type ShippedModel } from "../../scripts/mcu/shipped-models.ts";
import { type BoardKind, findMissingForBoard } from "../../scripts/mcu/virtual-board.ts";
import type { GoldenWindow } from "../../src/core/bundle/golden-window.ts";
import type { RawWindowMessage, ScoreMessage } from "../../src/core/contract/device/device-message.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import {
  computeSecurityCounter,
  decodeMcuModel,
  encodeMcuModel,
} from "../../src/core/inference/mcu-codec.ts";
import { createMcuWorkshop, type McuWorkshop } from "../firmware-bridge/mcu-host.ts";

const key = Uint8Array.from({ length: 32 }, (_, index) => index);

/** What the firmware does on a board of this kind, with the gateway's own session at the other end of the line. */
export function describeFirmware(kind: BoardKind): void {
  const missing = findMissingForBoard(kind, "serial");
  const reason = missing.length === 0 ? "" : ` (skipped, missing: ${missing.join(", ")})`;
  describe.skipIf(missing.length > 0)(`the firmware on ${kind}${reason}`, () => {
    let workshop: McuWorkshop;
    let model: ShippedModel;
    let recording: GoldenWindow;
    beforeAll(async () => {
      workshop = createMcuWorkshop();
      model = (await readShippedModels()).find((one) => one.manifest.name === "bearing-vibration")!;
      recording = model.golden.cases.flatMap((one) => (one.kind === "window" ? [one.window] : []))[0]!;
    });
    afterAll(() => workshop.close());

    const createImage = (): McuImageOptions => ({
      deviceId: `device-${kind}`,
      key,
      sampleRateHz: recording.sampleRateHz,
      scale: recording.scale,
      shaftRpm: recording.shaftRpm,
      counts: recording.counts,
      model: {
        image: model.mcuModel!,
        securityCounter: computeSecurityCounter(model.manifest.version),
      },
    });

    test("scores windows as the gateway would", async () => {
      const board = await workshop.start(kind, createImage(), "serial");
      const scores: ScoreMessage[] = [];
      const raw: RawWindowMessage[] = [];
      const heard = await workshop.listenTo(board, {
        mode: "edge",
        configuration: { bearing: recording.bearing, alarmRawSamples: 960, rawSamples: 960 },
        onMessage: (message) => {
          if (message.type === "score") scores.push(message);
          if (message.type === "raw-window") raw.push({ ...message, counts: message.counts.slice() });
          heard.look();
        },
      });
      await heard.until(() => scores.length >= 2);
      expect(raw.length).toBeGreaterThan(0);
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
        extractor.push({ ...recording, counts: samples, from: 0, to: samples.length });
        extractor.finish(features, 0);
        const { mean, inverseStd, clamp } = model.manifest.scaler;
        const { inputScale, inputZeroPoint } = model.student;
        const others: object[] = [];
        for (let index = 0; index < features.length; index++) {
          const standardised = (features[index]! - mean[index]!) * inverseStd[index]!;
          const bounded = Math.max(-clamp, Math.min(clamp, standardised));
          const gateway = Math.max(0, Math.min(255, Math.round(bounded / inputScale) + inputZeroPoint));
          const device = score.inputs![index]!;
          if (Math.abs(device - gateway) > 1)
            others.push({ ...model.manifest.features.list[index], device, gateway });
        }
        expect(others, `a window from sample ${score.firstSample} on`).toEqual([]);
        expect(score.sampleCount! / ((60 * 60 * recording.sampleRateHz) / recording.shaftRpm)).toBeCloseTo(
          1,
          3,
        );
      }
      expect(heard.hellos[0]).toMatchObject({ modelVersion: model.manifest.version, maxPayloadBytes: 256 });
      // A terminal may be joined in the middle of a Hello.
      expect(heard.session.statistics.badFrames).toBeLessThanOrEqual(1);
      // The raw windows are the recording's, where the device says they are.
      for (const window of raw)
        window.counts.forEach((count, index) => {
          expect(count).toBe(counts[(window.firstSample + index) % counts.length]);
        });
      await heard.session.close();
      await board.stop();
    });

    test("sends raw samples on request and then scores alone, and both in the mode for both", async () => {
      const board = await workshop.start(kind, createImage());
      let samples = 0;
      let scores = 0;
      const options = {
        onMessage: (message: DeviceDataMessage) => {
          if (message.type === "raw-window") samples += message.counts.length;
          if (message.type === "score") scores++;
          heard.look();
        },
      };
      const bearing = recording.bearing;
      let heard = await workshop.listenTo(board, {
        ...options,
        mode: "edge",
        configuration: { bearing, rawSamples: 960 },
      });
      await heard.until(() => scores >= 2);
      // A Hello that is repeated is configured once more, and asks for nothing more.
      expect(samples).toBe(960);
      await heard.until(() => scores >= 3);
      expect(samples).toBe(960);
      await heard.session.close();
      samples = 0;
      scores = 0;
      heard = await workshop.listenTo(board, { ...options, mode: "both", configuration: { bearing } });
      await heard.until(() => scores >= 1 && samples > 3000);
      await heard.session.close();
      await board.stop();
    });

    test("a model whose windows overlap is none: the firmware holds no samples for a second one", async () => {
      const decoded = decodeMcuModel(model.mcuModel!);
      const features = decoded.features!.slice();
      new DataView(features.buffer).setFloat32(32, 15, true);
      const { name, raiseAt } = decoded;
      const image = encodeMcuModel({ name, version: "9.0.0", student: model.student, features, raiseAt });
      const board = await workshop.start(kind, {
        ...createImage(),
        model: { image, securityCounter: 9 << 24 },
      });
      const heard = await workshop.listenTo(board);
      await heard.until(() => heard.hellos.length > 0);
      expect(heard.hellos[0]!.modelVersion).toBeUndefined();
      await heard.session.close();
      await board.stop();
    });

    test("goes on sampling and giving signs of life when its clock wraps around, after 49.7 days", async () => {
      const board = await workshop.start(kind, { ...createImage(), clockStartMs: 2 ** 32 - 2500 });
      const uptimes: number[] = [];
      let droppedSamples = 0;
      let afterWrap = 0;
      const heard = await workshop.listenTo(board, {
        mode: "raw",
        onMessage: (message) => {
          if (message.type === "health") {
            uptimes.push(message.uptimeMs);
            droppedSamples = message.droppedSamples;
          }
          if (message.type === "raw-window" && uptimes.some((uptime) => uptime < 2 ** 31)) {
            afterWrap += message.counts.length;
          }
          heard.look();
        },
      });
      await heard.until(() => afterWrap > 2000);
      expect(uptimes[0]).toBeGreaterThan(2 ** 31);
      // A clock that is taken for time itself would lose all that 49.7 days have.
      expect(droppedSamples).toBeLessThan(1_000_000);
      await heard.session.close();
      await board.stop();
    });

    test("an alarm is followed by raw samples", async () => {
      // Alarms whatever it sees: a threshold of 0 on every output.
      const decoded = decodeMcuModel(model.mcuModel!);
      const image = encodeMcuModel({
        name: decoded.name,
        version: "9.0.0",
        student: model.student,
        features: decoded.features,
        raiseAt: decoded.raiseAt.map(() => 0),
      });
      const options = createImage();
      const board = await workshop.start(kind, { ...options, model: { image, securityCounter: 9 << 24 } });
      let samples = 0;
      let scores = 0;
      const heard = await workshop.listenTo(board, {
        mode: "edge",
        configuration: { bearing: recording.bearing, alarmRawSamples: 480 },
        onMessage: (message) => {
          if (message.type === "raw-window") {
            expect(scores).toBeGreaterThan(0);
            samples += message.counts.length;
          }
          if (message.type === "score") scores++;
          heard.look();
        },
      });
      await heard.until(() => samples >= 480);
      await heard.session.close();
      await board.stop();
    });
  });
}
