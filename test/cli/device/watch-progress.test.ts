import { expect, test } from "vitest";
import { watchProgress } from "../../../src/cli/device/watch-progress.ts";
import { createManualClock } from "../../support/manual-clock.ts";

test("a device whose samples nobody takes is noticed, one that moves is not, and not once it is over", async () => {
  const clock = createManualClock();
  const device = { sentSamples: 0, droppedSamples: 0 };
  let stalls = 0;
  const watch = watchProgress(device, 30_000, clock);
  void watch.stalled.then(() => stalls++);
  for (let half = 0; half < 3; half++) {
    device[half === 1 ? "droppedSamples" : "sentSamples"] += 10;
    clock.advance(30_000);
    await Promise.resolve();
    expect(stalls).toBe(0);
  }
  clock.advance(30_000);
  await watch.stalled;
  const other = watchProgress(device, 30_000, clock);
  other.stop();
  expect(clock.pendingTimers).toBe(0);
});
