import { describe, expect, it } from "vitest";
import { outcomeEventName, readOutcome } from "../../../src/core/drift/outcome-event.ts";

describe("an outcome as an event", () => {
  it("comes back as it was", () => {
    for (const risk of [null, 0, 0.7]) {
      const outcome = { modelDigest: "ab12", raised: true, risk, isFault: false };
      expect(readOutcome({ name: outcomeEventName, detail: JSON.stringify(outcome) })).toEqual(outcome);
    }
  });

  it("is not read from another event, nor from what it cannot be", () => {
    const good = JSON.stringify({ modelDigest: "ab12", raised: true, risk: null, isFault: false });
    expect(readOutcome({ name: "boot", detail: good })).toBeNull();
    for (const detail of [
      "",
      "{",
      "null",
      "[]",
      good.replace("true", '"yes"'),
      good.replace("null", "1.5"),
    ]) {
      expect(readOutcome({ name: outcomeEventName, detail }), detail).toBeNull();
    }
  });
});
