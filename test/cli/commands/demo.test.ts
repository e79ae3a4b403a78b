import { describe, expect, it } from "vitest";
import { choosePlay } from "../../../src/cli/commands/demo.ts";

describe("what a demonstration plays", () => {
  it("is a random fault, unless something is named", () => {
    expect(choosePlay({})).toEqual({ fault: "random", drift: null });
    expect(choosePlay({ fault: "ball" })).toEqual({ fault: "ball", drift: null });
    expect(choosePlay({ drift: "winter" })).toEqual({ fault: "none", drift: "winter" });
    expect(choosePlay({ fault: "none", drift: "none", until: "drift" })).toEqual({
      fault: "none",
      drift: "none",
    });
  });

  it("is a sensor's drift, by either name", () => {
    expect(choosePlay({ fault: "sensor" })).toEqual({ fault: "none", drift: "sensor" });
    expect(choosePlay({ fault: "sensor", drift: "sensor" })).toEqual({ fault: "none", drift: "sensor" });
  });

  it.for([
    [{ fault: "sensor", drift: "grease" }, /--fault sensor contradicts --drift grease/],
    [{ fault: "ball", drift: "grease" }, /--fault ball contradicts --drift grease/],
    [{ fault: "random", drift: "sensor" }, /--fault random contradicts --drift sensor/],
    [{ drift: "grease", data: "data" }, /recordings do not drift/],
    [{ drift: "grease", until: "alert" }, /a drift raises none/],
    [{ until: "drift" }, /none is played/],
    [{ allowTrainingData: true }, /--allow-training-data is for recordings/],
  ] as const)("is refused where options contradict one another: %o", ([options, message]) => {
    expect(() => choosePlay(options)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringMatching(message) }),
    );
  });
});
