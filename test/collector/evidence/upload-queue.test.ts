import { expect, onTestFinished, test, vi } from "vitest";
import { createUploadQueue } from "../../../src/collector/evidence/upload-queue.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

test("what fails is tried again ever later, not in step with others, and soon again after a success", async () => {
  const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
  onTestFinished(() => random.mockRestore());
  const waits: number[] = [];
  let next = (): void => {};
  const timers = {
    after: (ms: number, call: () => void) => {
      waits.push(ms);
      next = call;
      return () => {};
    },
  };
  let isFailing = true;
  const upload = async (): Promise<void> => {
    if (isFailing) throw new Error("no bucket");
  };
  const queue = createUploadQueue({ upload, timers, logger: silentLogger });
  queue.add("one");
  const failedAgain = (times: number) => vi.waitFor(() => expect(waits).toHaveLength(times), { interval: 1 });
  for (let times = 1; times < 9; times++) {
    await failedAgain(times);
    next();
  }
  await failedAgain(9);
  expect(waits).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000]);
  isFailing = false;
  next();
  await vi.waitFor(() => expect(queue.waiting).toBe(0), { interval: 1 });
  isFailing = true;
  queue.add("two");
  await failedAgain(10);
  expect(waits.at(-1)).toBe(750);
  await queue.close();
});
