import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseMissedRecordings } from "../../../src/cli/demo/demo-plan.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe("the recordings that a bundle's evaluation gets wrong", () => {
  it("are the faulty ones on which nothing or something else was raised", () => {
    const recordings = [
      { file: "a.npy", truth: "ball", raised: null },
      { file: "b.npy", truth: "ball", raised: "inner-race" },
      { file: "c.npy", truth: "ball", raised: "ball" },
      { file: "d.npy", truth: null, raised: null },
    ];
    expect(parseMissedRecordings(encode({ heldOut: { recordings } }))).toEqual([
      { file: "a.npy", raised: null },
      { file: "b.npy", raised: "inner-race" },
    ]);
  });

  it("are none where the evaluation says nothing of recordings", () => {
    expect(parseMissedRecordings(encode({}))).toEqual([]);
  });

  it("can be read from the shipped bundle, as many as its evaluation counts", () => {
    const path = join(import.meta.dirname, "../../../models/bearing-vibration/1.0.0/evaluation.json");
    const bytes = readFileSync(path);
    const { heldOut } = JSON.parse(bytes.toString()) as {
      heldOut: { detected: { of: number; right: number } };
    };
    expect(parseMissedRecordings(bytes)).toHaveLength(heldOut.detected.of - heldOut.detected.right);
  });
});
