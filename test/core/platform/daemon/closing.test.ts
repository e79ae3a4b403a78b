import { expect, it } from "vitest";
import { waitAtMost } from "../../../../src/core/platform/daemon/closing.ts";

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
