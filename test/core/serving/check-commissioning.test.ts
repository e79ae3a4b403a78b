import { expect, test } from "vitest";
import { checkMinWindows } from "../../../src/core/serving/check-commissioning.ts";

test("fewer windows than a bundle's baseline rests on are refused, with what to write instead", () => {
  const manifest = { name: "m", version: "1.0.0", baseline: { minWindows: 64 } } as Parameters<
    typeof checkMinWindows
  >[1];
  expect(() => checkMinWindows({ minWindows: 63 }, manifest)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        /^commissioning\.minWindows is 63, and .* rests on 64 windows at least$/,
      ),
      hint: "write commissioning: {minWindows: 64} or more",
    }),
  );
  checkMinWindows({ minWindows: 64 }, manifest);
});

test("a bundle that knows no baselines asks for none", () => {
  checkMinWindows({ minWindows: 16 }, { name: "m", version: "1.0.0" });
});
