import { describe, expect, it } from "vitest";
import { checkCompatibility } from "../../../src/core/bundle/compatibility.ts";
import { compareVersions, satisfiesRange } from "../../../src/core/bundle/version.ts";
import { createBundle } from "../../../src/core/bundle/write-bundle.ts";
import { newKey, sampleContents } from "./sample-bundle.ts";

describe("versions", () => {
  it("are ordered as semver.org §11 shows", () => {
    const order = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.2.0",
      "1.10.0",
      "2.0.0",
    ];
    for (const [i, left] of order.entries()) {
      for (const [j, right] of order.entries()) {
        expect(Math.sign(compareVersions(left, right)), `${left} ${right}`).toBe(Math.sign(i - j));
      }
    }
  });

  it("lie in ranges as expected", () => {
    const cases: [string, string, boolean][] = [
      ["1.2.3", "*", true],
      ["1.2.3", "1.2.3", true],
      ["1.2.4", "=1.2.3", false],
      ["0.1.0", ">=0.1.0 <1.0.0", true],
      ["1.0.0", ">=0.1.0 <1.0.0", false],
      ["1.9.0", "^1.2.0", true],
      ["2.0.0", "^1.2.0", false],
      ["2.0.0-rc.1", "^1.2.0", false],
      ["0.2.9", "^0.2.1", true],
      ["0.3.0", "^0.2.1", false],
      ["0.0.4", "^0.0.3", false],
      ["1.2.9", "~1.2.3", true],
      ["1.3.0", "~1.2.3", false],
      ["3.0.0", "<1.0.0 || >=3.0.0", true],
      ["2.0.0", "<1.0.0 || >=3.0.0", false],
    ];
    for (const [version, range, expected] of cases) {
      expect(satisfiesRange(version, range), `${version} in ${range}`).toBe(expected);
    }
    expect(() => satisfiesRange("1.0.0", "latest")).toThrow(RangeError);
    expect(() => satisfiesRange("1.0.0", "")).toThrow(RangeError);
  });
});

describe("compatibility", () => {
  const manifest = createBundle(sampleContents(), newKey()).manifest;

  it("takes a bundle for this runtime and catalogue", () => {
    expect(() => checkCompatibility(manifest, { runtimeVersion: "0.1.0" })).not.toThrow();
  });

  it("refuses another catalogue version, another runtime and a range that says nothing", () => {
    const code: unknown = expect.objectContaining({ code: "BUNDLE_INCOMPATIBLE" });
    const attempt =
      (change: object, runtimeVersion = "0.1.0"): (() => void) =>
      () =>
        checkCompatibility({ ...manifest, ...change }, { runtimeVersion });
    expect(attempt({ features: { ...manifest.features, catalogueVersion: 2 } })).toThrow(code);
    expect(attempt({ features: { ...manifest.features, catalogueVersion: 2 } })).toThrow(
      /needs features catalogue 2/,
    );
    expect(attempt({}, "1.0.0")).toThrow(/needs runtime >=0.1.0 <1.0.0, this is 1.0.0/);
    expect(attempt({ runtime: "new ones" })).toThrow(code);
  });
});
