import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { createMcuImage } from "../../scripts/mcu/mcu-image.ts";
import { createMcuWorkshop, hasCompiler } from "./mcu-host.ts";

describe.skipIf(!hasCompiler)("a board that pauses (needs a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test("leaves out what it did not measure, and counts none of it as dropped", async () => {
    const imagePath = join(workshop.folder, "pausing");
    const counts = Int16Array.from({ length: 12_000 }, (_, index) => (index * 7_919) % 601);
    const options = { deviceId: "bearing-7", sampleRateHz: 12_000, scale: 0.0005, shaftRpm: 1797, counts };
    writeFileSync(imagePath, createMcuImage(options));
    const child = spawn(workshop.build("firmware-host"), [imagePath, "--tcp", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [line] = await once(child.stdout, "data");
    const port = /\d+/.exec(String(line))![0];
    let next = 0;
    let pausedSamples = 0;
    let healths = 0;
    let droppedSamples = Number.NaN;
    const heard = await workshop.listenTo(
      { address: `tcp://127.0.0.1:${port}`, ended: new Promise(() => {}), stop: async () => {}, imagePath },
      {
        onMessage: (message) => {
          if (message.type === "raw-window") {
            if (next > 0) pausedSamples = Math.max(pausedSamples, message.firstSample - next);
            next = message.firstSample + message.counts.length;
          }
          if (message.type === "health" && pausedSamples > 0) {
            healths++;
            droppedSamples = message.droppedSamples;
          }
          heard.look();
        },
      },
    );
    await heard.until(() => next > 3_000);
    child.kill("SIGSTOP");
    await pass(5_000);
    child.kill("SIGCONT");
    await heard.until(() => pausedSamples > 24_000 && healths >= 2);
    expect(droppedSamples).toBeLessThan(pausedSamples - 24_000);
  });
});
