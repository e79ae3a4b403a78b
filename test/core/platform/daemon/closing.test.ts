import { expect, it } from "vitest";
import { openWhole, waitAtMost } from "../../../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";

it("waits for work that ends, and forgives work that fails", async () => {
  let ended = false;
  await waitAtMost(
    Promise.resolve().then(() => {
      ended = true;
    }),
    60_000,
  );
  expect(ended).toBe(true);
  await waitAtMost(Promise.reject(new Error("no")), 60_000);
});

it("does not wait for work that never ends", async () => {
  await waitAtMost(new Promise(() => {}), 1);
});

it("what cannot be opened as a whole is closed again, and why is passed on", async () => {
  const closed: string[] = [];
  const opened = openWhole(silentLogger, async (closers) => {
    closers.add(() => void closed.push("first"));
    closers.add(() => void closed.push("second"));
    throw new Error("no room");
  });
  await expect(opened).rejects.toThrow("no room");
  expect(closed).toEqual(["second", "first"]);
  const kept = await openWhole(silentLogger, async (closers) => {
    closers.add(() => void closed.push("third"));
    return closers;
  });
  expect(closed).toHaveLength(2);
  await kept.closeAll();
  expect(closed).toHaveLength(3);
});
