import { expect, test } from "vitest";
import { createWorkQueue } from "../../../src/core/platform/work-queue.ts";

test("work is done one piece after the other, whatever became of the one before, and settles as it does", async () => {
  const queue = createWorkQueue();
  const steps: string[] = [];
  const work = (name: string, error?: Error) => async (): Promise<string> => {
    steps.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(`${name} ends`);
    if (error !== undefined) throw error;
    return name;
  };
  const first = queue.run(work("first", new Error("no")));
  const second = queue.run(work("second"));
  const idle = queue.idle().then(() => steps.push("idle"));
  await expect(first).rejects.toThrow("no");
  expect(await second).toBe("second");
  await idle;
  expect(steps).toEqual(["first begins", "first ends", "second begins", "second ends", "idle"]);
});

test("one that is closed says so at once, and is at rest when all has ended", async () => {
  const queue = createWorkQueue();
  let isDone = false;
  const work = queue.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    isDone = true;
  });
  expect(queue.isClosed).toBe(false);
  const closed = queue.close();
  expect([queue.isClosed, isDone]).toEqual([true, false]);
  await closed;
  expect(isDone).toBe(true);
  await work;
});
