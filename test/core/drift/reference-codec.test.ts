import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import type { DriftRole } from "../../../src/core/contract/drift-verdict.ts";
import type { DriftReference } from "../../../src/core/drift/drift-reference.ts";
import { fitReference } from "../../../src/core/drift/fit-reference.ts";
import { decodeReference, encodeReference } from "../../../src/core/drift/reference-codec.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const random = createRandom(1);
const reference = fitReference(
  {
    rows: Array.from({ length: 300 }, () => Float32Array.of(random.normal(), 3)),
    featureNames: ["a", "constant"],
    scoreRows: Array.from({ length: 300 }, () => [random.normal()]),
    levels: {
      names: ["low.rms", "top.rms"],
      rows: Array.from({ length: 300 }, () => [-30 + random.normal(), Number.NaN]),
    },
  },
  { seed: -7, replicates: 20, machines: 3 },
);

function refusal(change: (reference: DriftReference) => DriftReference): string {
  try {
    decodeReference(encodeReference(change(reference)));
  } catch (error) {
    if (!hasErrorCode(error, "BUNDLE_FORMAT")) throw error;
    return error.message;
  }
  return "accepted";
}

describe("reference.pb", () => {
  it("gives back exactly what was encoded, and the same bytes for the same reference", () => {
    const bytes = encodeReference(reference);
    expect(decodeReference(bytes)).toEqual(reference);
    expect(encodeReference(decodeReference(bytes))).toEqual(bytes);
    expect(bytes.length / reference.features.length).toBeLessThan(300);
  });

  it("reads a file that states neither roles nor machines as it was", () => {
    const features = reference.features.slice(0, 3).map(({ role: _role, ...feature }) => feature);
    const { machines: _machines, ...old } = { ...reference, features };
    expect(decodeReference(encodeReference(old))).toEqual(old);
  });

  it("refuses a role that it does not know, and one that stands where it cannot", () => {
    const withRoles = (...roles: readonly (DriftRole | undefined)[]) =>
      refusal((r) => ({
        ...r,
        features: r.features.map((feature, index) => ({ ...feature, role: roles[index] })) as never,
      }));
    expect(withRoles("condition", "condition", "score", "level", "level")).toBe("accepted");
    expect(withRoles(undefined, undefined, undefined, "level", "level")).toBe("accepted");
    expect(withRoles("feature", "level", "score", "level", "level")).toMatch(
      /"constant": a level as column 2/,
    );
    expect(withRoles("feature", "feature", "feature", "level", "level")).toMatch(
      /a feature as column 3 of 5/,
    );
    expect(withRoles("feature", "feature", "level", "score", "level")).toMatch(/a score as column 4 of 5/);
    const bytes = encodeReference({ ...reference, features: reference.features.slice(0, 2) });
    const at = bytes.findIndex((byte, index) => byte === 0x50 && bytes[index + 1] === 2);
    bytes[at + 1] = 9;
    expect(() => decodeReference(bytes)).toThrow('feature "a": role 9, which is not known');
  });

  it("names what does not hold together", () => {
    const withFirst = (changes: object) => (r: DriftReference) => ({
      ...r,
      features: [{ ...r.features[0]!, ...changes }, ...r.features.slice(1)],
    });
    expect(refusal((r) => ({ ...r, features: [] }))).toMatch(/0 features/);
    expect(refusal((r) => ({ ...r, featureCount: 9 }))).toMatch(/feature count 9 of 5/);
    expect(refusal((r) => ({ ...r, rows: 0 }))).toMatch(/no rows/);
    expect(refusal(withFirst({ edges: [2, 1] }))).toMatch(/2 edges and 16 bins/);
    expect(refusal(withFirst({ edges: [2, 1], counts: [1, 1, 1] }))).toMatch(/do not increase/);
    expect(refusal(withFirst({ edges: [1, Number.NaN], counts: [1, 1, 1] }))).toMatch(/do not increase/);
    expect(refusal(withFirst({ mean: Number.NaN }))).toMatch(/not finite/);
    expect(refusal(withFirst({ driftPsi: [1] }))).toMatch(/thresholds/);
    expect(refusal(withFirst({ counts: reference.features[0]!.counts.map(() => 300) }))).toMatch(
      /more values/,
    );
    expect(refusal((r) => ({ ...r, calibration: { ...r.calibration, sampleSizes: [60, 30] } }))).toMatch(
      /sample sizes do not increase/,
    );
    expect(refusal((r) => ({ ...r, calibration: { ...r.calibration, driftRate: 2 } }))).toMatch(/rate of 2/);
  });

  it("refuses a newer version and a huge file by name", () => {
    const newer = encodeReference(reference);
    expect(newer[1]).toBe(1);
    newer[1] = 2;
    expect(() => decodeReference(newer)).toThrow(/version 2/);
    expect(() => decodeReference(new Uint8Array(2_000_000))).toThrow(/at most/);
  });

  it("never does anything with random or flipped bytes but decode or refuse", () => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        decodeReference(bytes);
      } catch (error) {
        if (!hasErrorCode(error)) throw error;
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), attempt));
    const sound = encodeReference(reference);
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = sound.slice();
        bytes[at]! ^= mask;
        attempt(bytes);
      }),
    );
  });
});
