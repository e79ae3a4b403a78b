/** Raw samples on request, from the firmware on a virtual board to a file that is scored. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { recordSteadyMachine } from "../../scripts/mcu/steady-recording.ts";
import { type BoardKind, findMissingForBoard } from "../../scripts/mcu/virtual-board.ts";
import { parseNpy } from "../../scripts/parse-npy.ts";
import type { RecordingAbout } from "../../src/core/contract/device/device-capture.ts";
import { encodeNpy } from "../../src/core/platform/files/encode-npy.ts";
import { createMcuWorkshop } from "../firmware-bridge/mcu-host.ts";
import { capture, score } from "../gateway/capture-command.ts";
import { createInstallation, deviceOf, statusWhen } from "../gateway/installation.ts";

const shape = { sampleRateHz: 12_000, shaftRpm: 1_800 } as const;

/** Captures from a board of this kind at a terminal. */
export function testCapture(kind: BoardKind): void {
  const missing = findMissingForBoard(kind, "serial");
  const reason = missing.length === 0 ? "" : ` (skipped, missing: ${missing.join(", ")})`;
  test.skipIf(missing.length > 0)(
    `the gateway asks the firmware on ${kind} for raw samples, which come whole and score as they should${reason}`,
    async () => {
      const workshop = createMcuWorkshop();
      try {
        const recording = recordSteadyMachine({
          seed: 5,
          ...shape,
          fault: "outer-race",
          severity: 7,
          healthySeconds: 0,
          faultySeconds: 20,
        });
        const board = await workshop.start(
          kind,
          { deviceId: deviceOf("WT01"), ...shape, ...recording },
          "serial",
        );
        const installation = await createInstallation();
        const gateway = await installation.startGateway([
          {
            id: "WT01",
            bearing: recording.bearing,
            connect: board.address,
            channel: "vibration",
            mode: "edge",
          },
        ]);
        await statusWhen(gateway, ({ devices }) => devices[0]?.state === "established");
        const out = join(workshop.folder, "capture.npy");
        // On a busy machine a board that is emulated may lose contact for a moment.
        const told = await vi.waitFor(() => capture(installation, out, "--seconds", "0.3", "--json"), {
          timeout: 30_000,
          interval: 500,
        });
        const said = JSON.parse(told) as { readonly about: RecordingAbout };
        const { firstSample, shaftRpm } = said.about;
        expect(shaftRpm).toBe(shape.shaftRpm);
        const { data } = parseNpy(readFileSync(out), out);
        expect(data).toHaveLength(3_600);
        const { counts } = recording;
        const played = Int16Array.from(data, (_, index) => counts[(firstSample + index) % counts.length]!);
        expect(Buffer.from(data.buffer).equals(Buffer.from(played.buffer))).toBe(true);
        const scored = await score(installation, out);
        // Nine revolutions are one window of their own length.
        expect(scored.windows).toBe(1);
        // What stands beside the file says of the samples what is known of the machine.
        const cut = join(workshop.folder, "cut.npy");
        writeFileSync(cut, encodeNpy([played]));
        const options = {
          "--rate-hz": shape.sampleRateHz,
          "--shaft-rpm": shape.shaftRpm,
          "--scale": recording.scale,
          "--unit": "g",
          "--bearing": Object.entries(recording.bearing).map(([order, value]) => `${order}=${value}`),
        };
        expect(await score(installation, cut, ...Object.entries(options).flat().map(String))).toEqual({
          ...scored,
          file: cut,
        });
        await gateway.close();
        await board.stop();
      } finally {
        await workshop.close();
      }
    },
    60_000,
  );
}
