import { expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { encodeMcuSection, readMcuSection } from "../../../src/core/features/mcu-section.ts";

const count = bearingFeatureSpec.list.length;
const features = {
  spec: bearingFeatureSpec,
  scaler: { mean: new Array(count).fill(0), inverseStd: new Array(count).fill(1), clamp: 8 },
  maxRateHz: 51_200,
} as const;

test("windows that overlap or leave gaps are not for microcontrollers, and a section that says so is none", () => {
  const whole = encodeMcuSection({ ...features, window: bearingWindow });
  if (!whole.ok) expect.fail(whole.reason);
  expect(readMcuSection(whole.bytes)?.window).toEqual(bearingWindow);
  for (const hop of [15, 60]) {
    const refused = encodeMcuSection({ ...features, window: { ...bearingWindow, hop } });
    expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining(`every ${hop} revolutions`) });
    const bytes = whole.bytes.slice();
    new DataView(bytes.buffer).setFloat32(32, hop, true);
    expect(readMcuSection(bytes)).toBeUndefined();
  }
});

test("a section gives back every operator with its parameters", () => {
  const section = encodeMcuSection({ ...features, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  const { list } = bearingFeatureSpec;
  expect(readMcuSection(section.bytes)?.spec.list.map(({ operator, params }) => [operator, params])).toEqual(
    list.map(({ operator, params }) => [
      operator,
      { ...params, tolerance: Math.fround(Number(params.tolerance)) },
    ]),
  );
});

test("a section of energies gives back that it is one", () => {
  const [chain] = bearingFeatureSpec.chains;
  const params = { ...chain!.params, envelope: "energy" };
  const spec = { ...bearingFeatureSpec, chains: [{ ...chain!, params }] };
  const section = encodeMcuSection({ ...features, spec, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  expect(section.bytes[2]).toBe(2);
  expect(readMcuSection(section.bytes)?.spec.chains[0]?.params.envelope).toBe("energy");
  section.bytes[2] = 3;
  expect(readMcuSection(section.bytes)).toBeUndefined();
});

test.each([
  ["operator", { operator: "no-such-operator" }],
  ["order", { params: { order: "gear-mesh", harmonic: 1, tolerance: 0.02 } }],
])("an %s that the firmware does not know is refused by name", (_, change) => {
  const [first, ...rest] = bearingFeatureSpec.list;
  const spec = { ...bearingFeatureSpec, list: [{ ...first!, ...change }, ...rest] };
  expect(encodeMcuSection({ ...features, spec, window: bearingWindow })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/no-such-operator|gear-mesh/),
  });
});
